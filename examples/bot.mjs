// A chat bot as for Discord, whose chat is the terminal: type `alice: !video a red circle moves right`.
// Only `chat` at the end knows where messages come from: put a Discord client's in its place. API and KEY come from the
// environment; KEY stays with the bot, so its users need none.
import { createInterface } from 'node:readline'

const { API, KEY } = process.env
if (!API || !KEY) {
  console.error('API and KEY are needed in the environment: docs/use-the-api.md')
  process.exit(2)
}
const headers = { authorization: `Bearer ${KEY}`, 'content-type': 'application/json' }
const HELP = '!video PROMPT makes a video (one at a time), !cancel stops yours'

/** The video of each user that is being made, with what stops it. */
const running = new Map()

/** Server-sent events, as they arrive: the data of each is JSON. */
async function* events(answer) {
  let text = ''
  for await (const part of answer.body.pipeThrough(new TextDecoderStream())) {
    text += part
    const ended = text.split('\n\n')
    text = ended.pop()
    for (const event of ended) {
      const data = event.split('\n').find((line) => line.startsWith('data: '))
      if (data !== undefined) yield JSON.parse(data.slice('data: '.length))
    }
  }
}

/** Answers in one message that changes, as bots do. */
async function makeVideo(user, prompt, message) {
  const stop = new AbortController()
  running.set(user, stop)
  try {
    await message.edit('asking…')
    const answer = await fetch(`${API}/v1/videos`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ prompt, stream: true }),
      // Closing the stream cancels the video, on the prover's GPU too.
      signal: stop.signal,
    })
    if (!answer.ok) return await message.edit(`no: ${(await answer.json()).detail}`)
    for await (const { type, video } of events(answer)) {
      if (type === 'video.updated') await message.edit(progressOf(video))
      if (type === 'video.failed') return await message.edit(`it failed: ${video.error.message}`)
      if (type === 'video.completed') {
        const content = await fetch(`${API}/v1/videos/${video.id}/content`, { headers })
        if (!content.ok) throw new Error((await content.json()).detail)
        const bytes = Buffer.from(await content.arrayBuffer())
        return await message.edit(`here it is, @${user}`, bytes)
      }
    }
    // A server that stops says where the rest is (`server.stopping`); this bot leaves asking again to its user.
    await message.edit('the server ended the connection: ask again')
  } catch (error) {
    await message.edit(stop.signal.aborted ? 'cancelled' : `something broke: ${error.message}`)
  } finally {
    running.delete(user)
  }
}

function progressOf({ status, progress, queue_position: position }) {
  if (status !== 'queued') return `${progress} %`
  return position > 0 ? `queued, ${position} before you` : 'queued'
}

/** What a user wrote; `reply` makes a message that can be edited. */
export async function onMessage({ user, text, reply }) {
  const [, command, rest = ''] = /^!(\w+)\s*(.*)$/s.exec(text.trim()) ?? []
  if (command === 'video' && rest !== '') {
    if (running.has(user)) return void (await reply('one at a time: !cancel stops yours'))
    await makeVideo(user, rest, await reply('…'))
  } else if (command === 'cancel') {
    running.get(user)?.abort()
  } else if (command !== undefined) {
    await reply(HELP)
  }
}

/** The terminal as a chat: a line is a message, `USER: TEXT`. */
function chat() {
  let messages = 0
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const [, user = 'you', text = line] = /^(\w+): (.*)$/s.exec(line) ?? []
    const reply = async (first) => {
      messages += 1
      const number = messages
      const edit = async (now, video) => {
        console.log(`#${number} to ${user}: ${now}${video ? ` (${video.length} bytes)` : ''}`)
      }
      await edit(first)
      return { edit }
    }
    onMessage({ user, text, reply }).catch((error) => console.error(error.message))
  })
}

chat()
