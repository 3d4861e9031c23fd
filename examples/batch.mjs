// Makes a video of each line of a file: node examples/batch.mjs prompts.txt [--out videos] [--at-once 4]
// Started again, it makes what is missing. API and KEY come from the environment.
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { API, KEY } = process.env
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string', default: 'videos' },
    'at-once': { type: 'string', default: '4' },
  },
})
const lines = (await readFile(positionals[0], 'utf8')).split('\n')
const prompts = lines.map((line) => line.trim()).filter((line) => line !== '')
await mkdir(values.out, { recursive: true })

const jobs = prompts.map((prompt, i) => {
  const name = String(i + 1).padStart(4, '0')
  return { prompt, name, file: join(values.out, `${name}.mp4`), state: 'waiting', progress: 0 }
})

/** Asks until the answer is final: 429 and 503 say when to ask again, and a lost connection is tried again. */
async function ask(path, init = {}) {
  for (let attempt = 1; ; attempt += 1) {
    let pause = Math.min(30, attempt)
    try {
      const headers = { authorization: `Bearer ${KEY}`, ...init.headers }
      const answer = await fetch(`${API}${path}`, { ...init, headers })
      if (answer.ok) return answer
      const problem = await answer.json()
      if (answer.status !== 429 && answer.status !== 503) throw new Refused(problem.detail)
      pause = Number(answer.headers.get('retry-after')) || pause
    } catch (error) {
      if (error instanceof Refused || attempt >= 10) throw error
    }
    await sleep(pause * 1000)
  }
}

class Refused extends Error {}

async function make(job) {
  // The same key at each start: a video that was asked for already is not asked for again.
  const key = createHash('sha256').update(`${job.name} ${job.prompt}`).digest('hex')
  const created = await ask('/v1/videos', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': key },
    body: JSON.stringify({ prompt: job.prompt }),
  })
  let { id, status, progress, error } = await created.json()
  while (status === 'queued' || status === 'in_progress') {
    Object.assign(job, { state: status, progress })
    show()
    const answer = await ask(`/v1/videos/${id}`)
    await sleep(Number(answer.headers.get('openai-poll-after-ms')) || 0)
    const video = await answer.json()
    status = video.status
    progress = video.progress
    error = video.error
  }
  if (status !== 'completed') throw new Refused(error?.message ?? status)
  const content = await ask(`/v1/videos/${id}/content`)
  // By rename: a file that is there is whole.
  await writeFile(`${job.file}.part`, Buffer.from(await content.arrayBuffer()))
  await rename(`${job.file}.part`, job.file)
}

let shown = ''
function show() {
  const count = (state) => jobs.filter((job) => job.state === state).length
  const running = jobs.filter((job) => job.state === 'in_progress')
  const percents = running.map((job) => `${job.name} ${job.progress} %`).join(', ')
  const line = `${count('done')} of ${jobs.length} done, ${count('failed')} failed, ${count('queued')} queued${percents && `; ${percents}`}`
  if (line === shown) return
  shown = line
  process.stdout.write(process.stdout.isTTY ? `\r\x1b[K${line}` : `${line}\n`)
}

const waiting = []
for (const job of jobs) {
  const isThere = await access(job.file).then(
    () => true,
    () => false,
  )
  if (isThere) job.state = 'done'
  else waiting.push(job)
}
async function work() {
  for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
    try {
      await make(job)
      job.state = 'done'
    } catch (error) {
      job.state = 'failed'
      process.stderr.write(`\n${job.name}: ${error.message}\n`)
    }
    show()
  }
}
show()
await Promise.all(Array.from({ length: Number(values['at-once']) }, work))
process.stdout.write('\n')
process.exitCode = jobs.every(({ state }) => state === 'done') ? 0 : 1
