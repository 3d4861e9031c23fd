// Makes a video of each line of a file: node examples/batch.mjs prompts.txt [--out videos] [--at-once 4]
// Started again, it makes what is missing, those that failed too. API and KEY come from the environment.
import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const { API, KEY } = process.env
const USAGE = 'API=http://… KEY=fk_… node batch.mjs PROMPTS.txt [--out videos] [--at-once 4]'
function stop(reason) {
  console.error(`${reason}\nusage: ${USAGE}`)
  process.exit(2)
}
function given() {
  const out = { type: 'string', default: 'videos' }
  const atOnce = { type: 'string', default: '4' }
  try {
    return parseArgs({ allowPositionals: true, options: { out, 'at-once': atOnce } })
  } catch (error) {
    return stop(error.message)
  }
}
const { values, positionals } = given()
const atOnce = Number(values['at-once'])
if (!API || !KEY) stop('API and KEY are needed in the environment')
if (positionals.length !== 1) stop('one file of prompts is needed')
if (!Number.isInteger(atOnce) || atOnce < 1) stop('--at-once is a whole number, 1 or more')
const text = await readFile(positionals[0], 'utf8').catch((error) => stop(error.message))
const lines = text.split('\n').map((line) => line.trim())
const prompts = lines.filter((line) => line !== '')
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

/** The same keys at each start: a video that was asked for already is not asked for again, unless it failed. */
async function create({ name, prompt }) {
  for (let attempt = 1; ; attempt += 1) {
    const key = createHash('sha256').update(`${name} ${prompt} ${attempt}`).digest('hex')
    const created = await ask('/v1/videos', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': key },
      body: JSON.stringify({ prompt }),
    })
    const video = await created.json()
    const isOld = created.headers.has('idempotent-replayed')
    if (!isOld || video.status !== 'failed') return video
  }
}

async function make(job) {
  let { id, status, progress, error } = await create(job)
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
      const cause = error.cause === undefined ? '' : `: ${error.cause.message}`
      process.stderr.write(`\n${job.name}: ${error.message}${cause}\n`)
    }
    show()
  }
}
show()
await Promise.all(Array.from({ length: atOnce }, work))
process.stdout.write('\n')
process.exitCode = jobs.every(({ state }) => state === 'done') ? 0 : 1
