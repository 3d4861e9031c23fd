/**
 * Memory of every process over many intervals, then of those that serve users over many videos: so close together,
 * intervals leave a prover no time for users. The first quarter of each warms them up; then by how much resident memory
 * and heap grow for each, and the last quarter beside the second (a ratio near 1 is flat). A whole grid of processes with
 * the fast random model, on the local chain.
 * Run: npm run bench -- memory [--intervals 200] [--videos 800]   (Linux: reads /proc)
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createLog } from '../base/log.js'
import { Grid } from '../dev/grid/grid.js'
import { freePorts } from '../dev/grid/ports.js'
import { removePostgres } from '../dev/postgres/start-postgres.js'
import { freePort } from '../dev/process/ports.js'
import { openStateDir } from '../dev/process/state-dir.js'
import { type Database, openDatabase } from '../ledger/database.js'
import { intervalByN } from '../ledger/intervals/intervals.js'
import { weightSet } from '../ledger/intervals/weights.js'
import { createApiKey } from '../ledger/keys/api-keys.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import { report } from './support/figures.js'
import { leastOfEach, median, slope } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const NETUID = 7
/** Intervals of 2.5 s: two cores settle those of one second only now and then. 200 of them take nine minutes. */
const BLOCK_MS = 250
const INTERVAL_BLOCKS = 10
const PROVERS = [{ name: 'prover-1' }, { name: 'prover-2' }]
const ROLES = ['verifier', 'api', 'inference-worker', 'gpu-worker', 'prover-1'] as const
const SERVING = ['api', 'inference-worker', 'prover-1'] as const
/** Processes are looked at after so many videos. */
const VIDEOS_EACH = 4
const FAST_MODEL = fileURLToPath(new URL('../test/fixtures/random-model/model', import.meta.url))
const MEBIBYTE = 2 ** 20
/** Of the last quarter to the second: V8 gives back what it does not need when it sees fit. */
const FLAT = 1.1
/** A heap is what its collector left of it, once in so many intervals at least. */
const COLLECTED = 10

type Role = (typeof ROLES)[number]

interface Sample {
  readonly resident: number
  readonly heap: number
}

const { intervals, videos } = benchOptions('memory')

const log = createLog('bench', 'silent')
const state = await openStateDir(await mkdtemp(join(tmpdir(), 'fractal-memory-')))
const ports = await freePorts(PROVERS.length)
const health = {
  verifier: await freePort(),
  'inference-worker': await freePort(),
  'gpu-worker': await freePort(),
}
const grid = new Grid({
  state,
  ports,
  provers: PROVERS,
  netuid: NETUID,
  options: {
    profile: 'test',
    'neuron.compute_stats_interval': INTERVAL_BLOCKS,
    'model.dir': FAST_MODEL,
  },
  postgresSettings: { fsync: 'off', full_page_writes: 'off' },
  log,
})
try {
  await grid.startStores()
  await grid.startChain(BLOCK_MS)
  await grid.startRole('gpu-worker', { 'health.port': health['gpu-worker'] })
  await Promise.all(PROVERS.map((_, i) => grid.startProver(i)))
  await grid.startRole('inference-worker', { 'health.port': health['inference-worker'] })
  await grid.startRole('verifier', { 'health.port': health.verifier })
  await grid.startRole('api')
  const db = openDatabase({ url: grid.databaseUrl, applicationName: 'bench', max: 1, log })
  const { secret: key } = await createApiKey(db, {
    ...{ name: 'bench', scopes: ['generate', 'read'] },
    ...{ requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0, reusePrompts: true },
  })
  const id: VerifierId = { netuid: NETUID, verifier: grid.verifier.hotkey }
  const phases: Record<string, number> = {}
  const judging = new Map(ROLES.map((role) => [role, [] as Sample[]]))
  for (let n = 1; n <= intervals; n += 1) {
    const phase = await finalPhase(db, id, n)
    phases[phase] = (phases[phase] ?? 0) + 1
    for (const [role, taken] of judging) taken.push(await sampleOf(role))
  }
  report('intervals that settled', phases.settled ?? 0, '', { beside: ['all', intervals] })
  await showWaits(db, id)
  for (const [role, taken] of judging) reportRole(role, 'interval', taken)

  await grid.stopRole('verifier')
  const serving = new Map(SERVING.map((role) => [role, [] as Sample[]]))
  for (let i = 0; i < videos; i += 1) {
    await askVideo(key, i % 2 === 0)
    if (i % VIDEOS_EACH > 0) continue
    for (const [role, taken] of serving) taken.push(await sampleOf(role))
  }
  for (const [role, taken] of serving) reportRole(role, 'video', taken, VIDEOS_EACH)
  await db.close()
} finally {
  await grid.stop()
  await state.unlock()
  await removePostgres(state.postgres)
  await rm(state.root, { recursive: true, force: true })
}

/** In MiB. */
async function sampleOf(role: Role): Promise<Sample> {
  const status = await readFile(`/proc/${grid.rolePid(role)}/status`, 'utf8')
  const port = { ...health, api: ports.api, 'prover-1': ports.provers[0]! }[role]
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return {
    resident: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) / 1024,
    heap: Number(/^nodejs_heap_size_used_bytes\{.*\} (\d+)$/m.exec(metrics)![1]) / MEBIBYTE,
  }
}

/** @param samples one for every `each` of what is called `of` */
function reportRole(role: Role, of: string, samples: readonly Sample[], each = 1): void {
  const residents = samples.map(({ resident }) => resident)
  reportGrowth(`resident memory of ${role}`, of, residents, each)
  const heaps = samples.map(({ heap }) => heap)
  const every = Math.min(COLLECTED, Math.floor(samples.length / 4))
  reportGrowth(`heap of ${role}`, of, leastOfEach(every, heaps), every * each)
}

/** @param samples in MiB, one for every `each` */
function reportGrowth(what: string, of: string, samples: readonly number[], each: number): void {
  const quarter = Math.floor(samples.length / 4)
  const later = samples.slice(quarter)
  const [early, late] = [median(later.slice(0, quarter)), median(later.slice(-quarter))]
  console.log(`${what}, MiB: ${samples.map(Math.round).join(' ')}`)
  report(`${what}, in the last quarter of the ${of}s`, late, 'MiB', {
    beside: ['the second quarter', early],
    goal: { of: 'ratio', most: FLAT },
  })
  report(`${what}: what each ${of} adds`, (1024 * slope(later)) / each, 'KiB')
}

async function finalPhase(db: Database, id: VerifierId, n: number): Promise<string> {
  for (;;) {
    if (grid.endedRoles().length > 0) throw new Error(`ended: ${grid.endedRoles().join(', ')}`)
    const phase = (await intervalByN(db, id, n))?.phase ?? ''
    if (['settled', 'lapsed', 'missed'].includes(phase)) return phase
    await sleep(100)
  }
}

/** As one stream, or as a job and its events, until it is over. @throws if it was not completed */
async function askVideo(key: string, stream: boolean): Promise<void> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
  const body = JSON.stringify({ prompt: 'a red circle', stream })
  const made = await fetch(`${grid.apiUrl}/v1/videos`, { method: 'POST', headers, body })
  let events = await made.text()
  if (!stream && made.ok) {
    const { id } = JSON.parse(events) as { id: string }
    const watched = await fetch(`${grid.apiUrl}/v1/videos/${id}/events`, { headers })
    events = await watched.text()
  }
  if (!events.includes('event: video.completed')) throw new Error(`no video: ${events}`)
  await (await fetch(`${grid.apiUrl}/v1/network/provers`)).arrayBuffer()
}

async function showWaits(db: Database, id: VerifierId): Promise<void> {
  const waits: number[] = []
  for (let n = 1; n <= intervals; n += 1) {
    const settledAt = (await intervalByN(db, id, n))?.settledAt
    const set = await weightSet(db, id, n)
    if (settledAt != null && set?.state === 'confirmed') waits.push(+set.updatedAt - +settledAt)
  }
  if (waits.length === 0) return
  report(`from settled to weights read back, blocks of ${BLOCK_MS} ms`, median(waits), 'ms')
}
