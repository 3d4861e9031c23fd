import type { VideoBody } from './request.js'

export const LANGUAGES = ['curl', 'JavaScript', 'Python'] as const
export type Language = (typeof LANGUAGES)[number]

/** Programs that make exactly this request; they read the key from the environment. */
export function codeSample(language: Language, body: VideoBody, origin: string): string {
  switch (language) {
    case 'curl':
      return curl(body, origin)
    case 'JavaScript':
      return javaScript(body, origin)
    case 'Python':
      return python(body, origin)
  }
}

function curl(body: VideoBody, origin: string): string {
  const json = JSON.stringify({ ...body, stream: true }, null, 2)
  return `# Tells how far it is, live; leaving it (Ctrl-C) cancels the video.
curl -N '${origin}/v1/videos?frames=none' \\
  -H "Authorization: Bearer $FRACTAL_API_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '${json.replaceAll("'", "'\\''")}'

# Then, with the id that it told:
curl -o video.mp4 ${origin}/v1/videos/VIDEO_ID/content \\
  -H "Authorization: Bearer $FRACTAL_API_KEY"
`
}

function javaScript(body: VideoBody, origin: string): string {
  return `import { writeFile } from 'node:fs/promises'
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: '${origin}/v1',
  apiKey: process.env.FRACTAL_API_KEY,
})
let video = await client.videos.create(${JSON.stringify(body, null, 2)})
while (video.status === 'queued' || video.status === 'in_progress') {
  await new Promise((resolve) => setTimeout(resolve, 500))
  video = await client.videos.retrieve(video.id)
  console.log(video.status, video.progress)
}
if (video.status === 'failed') throw new Error(video.error.message)
const content = await client.videos.downloadContent(video.id)
await writeFile('video.mp4', Buffer.from(await content.arrayBuffer()))
`
}

/** Named parameters of OpenAI's client; the rest are ours. */
const OPENAI_FIELDS: readonly string[] = ['prompt', 'size']

function python(body: VideoBody, origin: string): string {
  const entries = Object.entries(body)
  const known = entries.filter(([name]) => OPENAI_FIELDS.includes(name))
  const ours = entries.filter(([name]) => !OPENAI_FIELDS.includes(name))
  // JSON strings and numbers are also valid in Python.
  const lines = known.map(([name, value]) => `    ${name}=${JSON.stringify(value)},`)
  if (ours.length > 0) {
    const members = ours.map(([name, value]) => `"${name}": ${JSON.stringify(value)}`)
    lines.push(`    extra_body={${members.join(', ')}},`)
  }
  return `import os
from openai import OpenAI

client = OpenAI(base_url="${origin}/v1", api_key=os.environ["FRACTAL_API_KEY"])
video = client.videos.create_and_poll(
${lines.join('\n')}
)
if video.status == "failed":
    raise SystemExit(video.error.message)
client.videos.download_content(video.id).write_to_file("video.mp4")
`
}
