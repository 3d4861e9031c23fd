// A chat bot as for Discord, whose chat is the terminal: type `alice: !video a red circle moves right`.
// Only `chat` at the end knows where messages come from: put a Discord client's in its place. API and KEY come from the
// environment; KEY stays with the bot, so its users need none.
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const { API, KEY } = process.env
if (!API || !KEY) {
  console.error('API and KEY are needed in the environment: docs/use-the-api.md')
  process.exit(2)
}
const HELP = '!video PROMPT makes a video (one at a time), !cancel stops yours'
/** Questions about one video that may fail one after another: servers restart, connections are lost. */
const ATTEMPTS = 10

/** What stops the video of each user that is being made. */
const running = new Map()

class Refused extends Error {}

/** @throws Refused if asking again is no use */
async function ask(path, init = {}) {
  const headers = { authorization: `Bearer ${KEY}`, ...init.headers }
  const answer = await fetch(`${API}${path}`, { ...init, headers })
  if (answer.ok) return answer
  const { detail } = await answer.json().catch(() => ({ detail: `status ${answer.status}` }))
  const isPassing = answer.status === 429 || answer.status >= 500
  throw isPassing ? new Error(detail) : new Refused(detail)
}

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

/** A video's states as they change, the last one too: by its events, and by asking wherever those break off. */
async function* follow({ id }) {
  let url = `/v1/videos/${id}/events?frames=none`
  for (let failures = 0; ; ) {
    let pauseMs = 1000 * failures
    try {
      for await (const event of events(await ask(url))) {
        failures = 0
        if (event.type === 'server.stopping') {
          url = event.events_url
          pauseMs = event.retry_after_ms
        } else {
          yield event.video
          if (hasEnded(event.video)) return
        }
      }
    } catch {
      // Another process or a proxy may be in the way of the events alone: what follows asks without them.
    }
    await sleep(pauseMs)
    try {
      const answer = await ask(`/v1/videos/${id}`)
      const video = await answer.json()
      failures = 0
      yield video
      if (hasEnded(video)) return
      await sleep(Number(answer.headers.get('openai-poll-after-ms')))
    } catch (error) {
      failures += 1
      if (error instanceof Refused || failures >= ATTEMPTS) throw error
    }
  }
}

function hasEnded({ status }) {
  return status === 'completed' || status === 'failed'
}

/** Answers in one message that changes, as bots do. */
async function makeVideo(user, prompt, message) {
  let made = null
  let isStopped = false
  const stop = async () => {
    isStopped = true
    // On the prover's GPU too. One that is not there yet is cancelled below.
    if (made !== null) await ask(`/v1/videos/${made.id}/cancel`, { method: 'POST' })
  }
  running.set(user, stop)
  try {
    await message.edit('asking…')
    const created = await ask('/v1/videos', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ prompt }),
    })
    made = await created.json()
    if (isStopped) await stop()
    for await (const video of follow(made)) {
      if (!hasEnded(video)) await message.edit(progressOf(video))
      else if (video.status === 'completed') {
        const content = await ask(`/v1/videos/${made.id}/content`)
        const bytes = Buffer.from(await content.arrayBuffer())
        await message.edit(`here it is, @${user}`, bytes)
      } else {
        const { code, message: why } = video.error
        await message.edit(code === 'cancelled' ? 'cancelled' : `it failed: ${why}`)
      }
    }
  } catch (error) {
    await message.edit(`${error instanceof Refused ? 'no' : 'something broke'}: ${error.message}`)
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
    await running.get(user)?.()
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
