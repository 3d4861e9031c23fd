/**
 * What the gateway adds to a prover that answers at once, beside askProver to the same prover and a bare Express proxy;
 * creating a job, beside LiteLLM's proxy, which stores nothing, and a bare one, in front of something that answers at
 * once; jobs accepted a second, beside the same. Everything on this machine, in processes of their own; bounded in count and time.
 * Run: npm run bench [-- --runs 200 --concurrent 200]
 */
import { randomUUID } from 'node:crypto'
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { requestGeneration } from '../wire/client.js'
import { encodeBody } from '../wire/generation-body.js'
import { ApiClient } from './support/api-client.js'
import { startBenchGrid } from './support/api-grid.js'
import { eventsOf, writesOf } from './support/count-work.js'
import { type Goal, report, reportLeftOut } from './support/figures.js'
import { startLiteLlm } from './support/litellm.js'
import { closedLoop, openLoop, quantile, timed } from './support/measure.js'
import { processorTime } from './support/processor-time.js'
import { streamGoals } from './support/stream-goals.js'
import { MODEL_ROOT, NETUID, VIDEO } from './support/stub-video.js'
import { benchOptions } from './support/whole-options.js'

const { runs, concurrent, seconds, peers } = benchOptions('api')
const MODEL = 'fractal-shapes-1'
const CONCURRENT = [1, 32, 200].filter((count) => count <= concurrent)
/** Jobs a second that are tried, until the acceptance is slower than this at p99. */
const RATES = [10, 20, 40, 60, 80, 100, 150, 200, 300, 400]
const ACCEPT_P99_MS = 100
/** Of each rate at least: of fewer, p99 is the slowest of all. */
const ACCEPTED = 200
const IDLE_POLL_MS = 20
const GOAL_A_SECOND = 60
const PROXY = 'through a bare Express proxy'
const STREAM = 'stream: true'
/** Runs, one after another, whose work is counted. */
const COUNTED = 20

type Run = () => Promise<unknown>

const grid = await startBenchGrid()
const api = new ApiClient(grid.apiUrl, grid.key)
const agent = new Agent({ keepAlive: true, maxSockets: 256 })
process.once('SIGINT', () => void grid.stop().then(() => process.exit(130)))

try {
  for (const concurrency of CONCURRENT) await showLatencies(concurrency)
  await showWork()
  await showCreating()
} finally {
  await grid.stop()
  api.close()
  agent.destroy()
}

/** A tenth of them warms compilers, pools and caches. */
async function measured(what: string, concurrency: number, run: Run): Promise<number[]> {
  console.error(`${what}, ${concurrency} at a time …`)
  const [warm, count] = countsOf(concurrency)
  await closedLoop(warm, concurrency, run)
  return closedLoop(count, concurrency, run)
}

/** How many warm what is measured, and how many are measured. */
function countsOf(concurrency: number): [warm: number, count: number] {
  const count = concurrency === 1 ? Math.ceil(runs / 2) : Math.max(runs, concurrency)
  return [Math.ceil(count / 10), count]
}

async function showLatencies(concurrency: number): Promise<void> {
  const direct = await measured('askProver', concurrency, () => ask(grid.provers[0]!.port))
  const goals = streamGoals(concurrency)
  let proxyMs: number | null = null
  for (const [what, run] of [
    [PROXY, () => ask(grid.proxy)],
    [STREAM, () => api.streamed()],
    ['Prefer: wait', () => api.waited()],
    ['a job, created to completed', () => api.job()],
  ] as const) {
    const [from, before] = [performance.now(), await processorTime()]
    const times = await measured(what, concurrency, run)
    const rate = (1000 * times.length) / (performance.now() - from)
    const after = await processorTime()
    show(what, concurrency, times, ['askProver directly', direct])
    if (before !== null && after !== null) {
      const [warm, count] = countsOf(concurrency)
      const each = (after - before) / (warm + count)
      report(`${what}, ${concurrency} at a time, of a processor`, each, 'ms', {
        ...(proxyMs === null
          ? {}
          : { beside: ['a request through a bare Express proxy', proxyMs] }),
        ...(what === STREAM && goals.processor !== undefined ? { goal: goals.processor } : {}),
      })
      if (what === PROXY) proxyMs = each
    }
    if (what === STREAM) {
      const added = quantile(times, 0.5) - quantile(direct, 0.5)
      report(`what a stream adds to askProver, ${concurrency} at a time, p50`, added, 'ms', {
        ...(goals.added === undefined ? {} : { goal: goals.added }),
      })
    }
    if (what.startsWith('a job')) report(`jobs completed, ${concurrency} at a time`, rate, '/s')
  }
}

/** What one of each costs the stores: the same however busy the machine is. */
async function showWork(): Promise<void> {
  const writes = 'writing transactions of PostgreSQL'
  const unit = 'transactions'
  report(`${writes} for a stream`, await writesOf(grid.db, COUNTED, () => api.streamed()), unit)
  report(`${writes} for Prefer: wait`, await writesOf(grid.db, COUNTED, () => api.waited()), unit)
  report(`${writes} for a job`, await writesOf(grid.db, COUNTED, () => api.job()), unit)
  const events = await eventsOf(grid.temporalAddress, await api.job())
  report('events of a job in Temporal’s history', events, 'events')
}

function show(
  what: string,
  concurrency: number,
  times: readonly number[],
  [beside, floor]: readonly [string, readonly number[]],
  goal?: Goal,
): void {
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const) {
    report(`${what}, ${concurrency} at a time, ${name}`, quantile(times, share), 'ms', {
      beside: [beside, quantile(floor, share)],
      ...(goal === undefined || name !== 'p50' ? {} : { goal }),
    })
  }
}

/** Many at a time, its jobs are run meanwhile, as far as they come, as those of a real gateway. */
async function showCreating(): Promise<void> {
  const upstream = `http://127.0.0.1:${grid.openai}`
  const peer = peers === 0 ? { missing: '--peers 0' } : await startLiteLlm(upstream, grid.folder)
  const isThere = !('missing' in peer)
  if (!isThere) reportLeftOut('creating with LiteLLM', peer.missing)
  try {
    for (const concurrency of CONCURRENT) {
      const bare = await measured('create, bare proxy', concurrency, () =>
        createAt(`http://127.0.0.1:${grid.proxy}`, ''),
      )
      const floor = ['a bare Express proxy', bare] as const
      const own =
        concurrency === 1
          ? await createdAlone()
          : await measured('create', concurrency, () => api.create())
      // Nobody else's time is measured while our jobs are still run.
      await idle()
      if (isThere) {
        const theirs = await measured('create, LiteLLM', concurrency, () =>
          createAt(peer.url, peer.key),
        )
        show('creating with LiteLLM', concurrency, theirs, floor)
        show('creating a job', concurrency, own, ['LiteLLM', theirs], { of: 'ratio', most: 1 })
      } else show('creating a job', concurrency, own, floor)
    }
    await showAcceptance(isThere ? () => createAt(peer.url, peer.key) : null)
  } finally {
    if (isThere) await peer.stop()
  }
}

/** Each when those before it have ended: the machine has nothing else to do. */
async function createdAlone(): Promise<number[]> {
  console.error('create, one at a time …')
  const [warm, count] = countsOf(1)
  const times: number[] = []
  for (let i = 0; i < warm + count; i += 1) {
    await idle()
    times.push(await timed(() => api.create()))
  }
  return times.slice(warm)
}

async function createAt(url: string, key: string): Promise<void> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ model: 'bench', prompt: 'x' })
  await new Promise<void>((resolve, reject) => {
    const req = request(`${url}/v1/videos`, { method: 'POST', headers, agent }, (answer) => {
      answer.resume().once('end', () => {
        if (answer.statusCode === 200) resolve()
        else reject(new Error(`${url}: ${answer.statusCode}`))
      })
    })
    req.once('error', reject)
    req.end(body)
  })
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

/** Until every job created so far has ended. */
async function idle(): Promise<void> {
  for (;;) {
    const [row] = await grid.db.query<{ open: number }>(
      "SELECT count(*) AS open FROM jobs WHERE status IN ('queued', 'in_progress')",
    )
    if (row!.open === 0) return
    await sleep(IDLE_POLL_MS)
  }
}

/** Jobs run meanwhile, as far as they come: the gateway and its stores have the rest of the machine. */
async function showAcceptance(litellm: Run | null): Promise<void> {
  const own = await acceptedAt('accepting', () => api.create())
  const what = `jobs accepted with p99 under ${ACCEPT_P99_MS} ms`
  const bare = await acceptedAt('a bare Express proxy', () =>
    createAt(`http://127.0.0.1:${grid.proxy}`, ''),
  )
  report(what, own, '/s', {
    beside: ['a bare Express proxy', bare],
    goal: { of: 'figure', least: GOAL_A_SECOND },
  })
  if (litellm === null) return
  const theirs = await acceptedAt('LiteLLM', litellm)
  report(`${what}, beside LiteLLM`, own, '/s', { beside: ['LiteLLM, which runs none', theirs] })
}

/** @returns the highest of the rates at which all but one in a hundred are accepted in time; 0 if none is */
async function acceptedAt(what: string, create: Run): Promise<number> {
  let best = 0
  for (const rate of RATES) {
    // What an earlier rate left over is not this one's.
    await idle()
    const lasting = runs < ACCEPTED ? seconds : Math.max(seconds, ACCEPTED / rate)
    const times = await openLoop(rate, lasting, create)
    const p99 = quantile(times, 0.99)
    console.log(
      `${what}, ${rate} jobs/s: p50 ${quantile(times, 0.5).toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`,
    )
    if (p99 > ACCEPT_P99_MS) break
    best = rate
  }
  return best
}
