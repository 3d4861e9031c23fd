/**
 * What the gateway adds to a prover that answers at once: latency beside askProver to the same prover and
 * beside a bare Express proxy, jobs accepted a second, watchers held. Everything on this machine, in
 * processes of their own; bounded in count and time.
 * Run: npm run bench [-- --runs 200 --watchers 1000]
 */
import { randomUUID } from 'node:crypto'
import { Agent, type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { EventSourceParserStream } from 'eventsource-parser/stream'
import { claimDirect } from '../ledger/requests/direct-runs.js'
import { insertJob } from '../ledger/requests/jobs.js'
import { requestGeneration } from '../wire/client.js'
import { encodeBody } from '../wire/generation-body.js'
import { startBenchGrid } from './support/api-grid.js'
import { closedLoop, openLoop, quantile } from './support/measure.js'
import { MODEL_ROOT, NETUID, VIDEO } from './support/stub-video.js'
import { wholeOptions } from './support/whole-options.js'

const { runs, watchers } = wholeOptions({ runs: 200, watchers: 1000 })
const MODEL = 'fractal-shapes-1'
/** Jobs a second that are tried, four seconds each, until the acceptance is slower than this at p99. */
const RATES = [5, 10, 20, 40, 60, 80, 100, 150, 200, 300, 400]
const ACCEPT_P99_MS = 100

const grid = await startBenchGrid()
const headers = { Authorization: `Bearer ${grid.key}`, 'Content-Type': 'application/json' }
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
let jobs = 0
process.once('SIGINT', () => void grid.stop().then(() => process.exit(130)))

try {
  const rows: Row[] = []
  for (const concurrency of [1, 32]) {
    const count = concurrency === 1 ? Math.ceil(runs / 2) : runs
    const direct = await warmed(count, concurrency, () => ask(grid.provers[0]!.port))
    rows.push({ what: 'askProver, directly', concurrency, times: direct, beside: direct })
    for (const [what, run] of [
      ['bare Express proxy', () => ask(grid.proxy)],
      ['stream: true', streamed],
      ['job, create to completed', job],
    ] as const) {
      process.stderr.write(`${what}, concurrency ${concurrency} …\n`)
      rows.push({ what, concurrency, times: await warmed(count, concurrency, run), beside: direct })
    }
  }
  showLatencies(rows)
  await showWatchers()
  await showAcceptance()
} finally {
  await grid.stop()
  agent.destroy()
}

interface Row {
  readonly what: string
  readonly concurrency: number
  readonly times: readonly number[]
  readonly beside: readonly number[]
}

/** The first tenth warms compilers, pools and caches. */
async function warmed(count: number, concurrency: number, run: () => Promise<unknown>) {
  await closedLoop(Math.max(concurrency, Math.ceil(count / 10)), concurrency, run)
  return closedLoop(count, concurrency, run)
}

async function ask(port: number): Promise<void> {
  const { steps, frames, width, height } = VIDEO
  const { bytes } = encodeBody({
    ...{ request_id: randomUUID(), query: 'x', private_input: { negative_prompt: '' } },
    sampling_params: {
      ...{ seed: 7, num_inference_steps: steps, guidance_scale: 3 },
      ...{ width, height, num_frames: frames, fps: 8 },
    },
    ...{ model: MODEL, deadline_ms: 30_000 },
  })
  const outcome = await requestGeneration({
    address: { ip: '127.0.0.1', port },
    receiver: grid.provers[0]!.hotkey,
    signer: grid.signer,
    body: bytes,
    expected: VIDEO,
    terms: { genesisHash: grid.genesisHash, netuid: NETUID },
    modelRoot: MODEL_ROOT,
    allowPrivate: true,
    mayVerify: () => false,
    deadlineMs: 30_000,
  })
  if (outcome.kind !== 'answered') throw new Error(JSON.stringify(outcome))
}

async function streamed(): Promise<void> {
  const body = JSON.stringify({ prompt: 'x', stream: true })
  await completed(await call('POST', '/v1/videos?frames=none', body))
}

async function job(): Promise<void> {
  const id = await create()
  await completed(await call('GET', `/v1/videos/${id}/events?frames=none`))
}

async function create(): Promise<string> {
  const answer = await call('POST', '/v1/videos', JSON.stringify({ prompt: 'x' }))
  const text = Buffer.concat(await answer.toArray()).toString()
  if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${text}`)
  return (JSON.parse(text) as { id: string }).id
}

async function completed(answer: IncomingMessage): Promise<void> {
  let last = ''
  const text = ReadableStream.from(answer).pipeThrough(new TextDecoderStream() as never)
  for await (const { event } of (text as ReadableStream<string>).pipeThrough(
    new EventSourceParserStream(),
  )) {
    last = event ?? ''
  }
  if (last !== 'video.completed') throw new Error(`the last event is ${last || 'missing'}`)
}

function call(method: string, path: string, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const req = request(new URL(path, grid.apiUrl), { method, headers, agent }, resolve)
    req.once('error', reject)
    req.end(body)
  })
}

function showLatencies(rows: readonly Row[]): void {
  const shown = rows.map(({ what, concurrency, times, beside }) => {
    const [p50, p99] = [quantile(times, 0.5), quantile(times, 0.99)]
    const added = (q: number) => (quantile(times, q) - quantile(beside, q)).toFixed(1)
    return {
      what,
      concurrency,
      'p50 ms': p50.toFixed(1),
      'p99 ms': p99.toFixed(1),
      'added p50': added(0.5),
      'added p99': added(0.99),
      'of directly': (p50 / quantile(beside, 0.5)).toFixed(1),
      runs: times.length,
    }
  })
  console.table(shown)
}

/** Watchers of jobs that nobody runs: each a connection, a job and its state of its own. */
async function showWatchers(): Promise<void> {
  const before = await memory()
  const open: IncomingMessage[] = []
  const many = new Agent({ maxSockets: Number.POSITIVE_INFINITY })
  await closedLoop(watchers, 16, async () => {
    const id = await idleJob()
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const to = new URL(`/v1/videos/${id}/events`, grid.apiUrl)
      request(to, { headers, agent: many }, resolve).once('error', reject).end()
    })
    if (answer.statusCode !== 200) throw new Error(`watcher refused: ${answer.statusCode}`)
    answer.on('error', () => undefined).resume()
    open.push(answer)
  })
  await sleep(1000)
  const kilobytes = (await memory()) - before
  const alive = open.filter((answer) => !answer.closed).length
  const each = (kilobytes / watchers).toFixed(1)
  console.log(`concurrent watchers: ${alive} of ${watchers}; ${each} kB of the API's memory each`)
  many.destroy()
}

async function idleJob(): Promise<string> {
  jobs += 1
  const id = `video_${jobs.toString(16).padStart(24, 'e')}`
  const { steps, frames, width, height } = VIDEO
  const [{ id: apiKeyId }] = (await grid.db.query<{ id: string }>('SELECT id FROM api_keys')) as [
    { id: string },
  ]
  await insertJob(grid.db, grid.id, {
    ...{ id, inferenceId: randomUUID(), apiKeyId, seed: 7, prompt: 'x', negativePrompt: '' },
    ...{ steps, guidanceMilli: 3000, width, height, frames, fps: 8, model: MODEL, counted: false },
    reusePrompt: false,
  })
  await claimDirect(grid.db, grid.id, id, 3_600_000)
  return id
}

/** Resident memory of the API in kB, as it says itself. */
async function memory(): Promise<number> {
  const answer = await call('GET', '/metrics')
  const text = Buffer.concat(await answer.toArray()).toString()
  return Number(/^process_resident_memory_bytes\{.*\} (.+)$/m.exec(text)![1]) / 1024
}

/** Jobs run meanwhile, as far as they come: the gateway and its stores have the rest of the machine. */
async function showAcceptance(): Promise<void> {
  let best = 0
  // Those who watched have just left.
  await sleep(2000)
  for (const rate of RATES) {
    const times = await openLoop(rate, 4, create)
    const p99 = quantile(times, 0.99)
    console.log(
      `accepting ${rate} jobs/s: p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    )
    if (p99 > ACCEPT_P99_MS) break
    best = rate
  }
  console.log(`accepted jobs a second with p99 under ${ACCEPT_P99_MS} ms: ${best}`)
}
