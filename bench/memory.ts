/**
 * Memory of every process over many intervals, while users ask too: resident bytes after each interval, and the later
 * ones beside the earlier (a ratio near 1 is flat). A whole grid with the fast random model, on the local chain.
 * Run: npm run bench -- memory [--intervals 200]   (Linux: reads /proc)
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
import { openStateDir } from '../dev/process/state-dir.js'
import { type Database, openDatabase } from '../ledger/database.js'
import { intervalByN } from '../ledger/intervals/intervals.js'
import { weightSet } from '../ledger/intervals/weights.js'
import { createApiKey } from '../ledger/keys/api-keys.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import { report } from './support/figures.js'
import { median } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const NETUID = 7
const BLOCK_MS = 100
const INTERVAL_BLOCKS = 10
const PROVERS = [{ name: 'prover-1' }, { name: 'prover-2' }]
const ROLES = ['verifier', 'api', 'inference-worker', 'gpu-worker', 'prover-1'] as const
const FAST_MODEL = fileURLToPath(new URL('../test/fixtures/random-model/model', import.meta.url))
const MEBIBYTE = 2 ** 20
/** Of the last fifth to the second fifth: V8 gives back what it does not need when it sees fit. */
const FLAT = 1.1

const { intervals } = benchOptions('memory')

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024
}

const log = createLog('bench', 'silent')
const state = await openStateDir(await mkdtemp(join(tmpdir(), 'fractal-memory-')))
const grid = new Grid({
  state,
  ports: await freePorts(PROVERS.length),
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
const stopped = new AbortController()
try {
  await grid.startStores()
  await grid.startChain(BLOCK_MS)
  await grid.startRole('gpu-worker')
  await Promise.all(PROVERS.map((_, i) => grid.startProver(i)))
  await grid.startRole('inference-worker')
  await grid.startRole('verifier')
  await grid.startRole('api')
  const db = openDatabase({ url: grid.databaseUrl, applicationName: 'bench', max: 1, log })
  const { secret: key } = await createApiKey(db, {
    ...{ name: 'bench', scopes: ['generate', 'read'] },
    ...{ requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0, reusePrompts: true },
  })
  const id: VerifierId = { netuid: NETUID, verifier: grid.verifier.hotkey }
  const samples = new Map(ROLES.map((role) => [role, [] as number[]]))
  const phases: Record<string, number> = {}
  let asking: Promise<number> | null = null
  for (let n = 1; n <= intervals; n += 1) {
    const phase = await finalPhase(db, id, n)
    phases[phase] = (phases[phase] ?? 0) + 1
    for (const [role, bytes] of samples) bytes.push(await residentBytes(grid.rolePid(role)))
    // The first interval has its provers' infos: before it, nobody serves.
    asking ??= askVideos(key)
  }
  stopped.abort()
  const served = await asking
  console.log(
    `intervals: ${Object.entries(phases)
      .map(([phase, n]) => `${n} ${phase}`)
      .join(', ')}; ${served} videos for users`,
  )
  await showWaits(db, id)
  await db.close()
  const fifth = Math.floor(intervals / 5)
  for (const [role, bytes] of samples) {
    const inMib = bytes.map((each) => each / MEBIBYTE)
    const [early, late] = [median(inMib.slice(fifth, 2 * fifth)), median(inMib.slice(-fifth))]
    console.log(`${role}, MiB after each: ${inMib.map(Math.round).join(' ')}`)
    report(`resident memory of ${role}, the last ${fifth} of ${intervals} intervals`, late, 'MiB', {
      beside: [`intervals ${fifth + 1} to ${2 * fifth}`, early],
      goal: { of: 'ratio', most: FLAT },
    })
  }
} finally {
  stopped.abort()
  await grid.stop()
  await state.unlock()
  await removePostgres(state.postgres)
  await rm(state.root, { recursive: true, force: true })
}

async function finalPhase(db: Database, id: VerifierId, n: number): Promise<string> {
  for (;;) {
    if (grid.endedRoles().length > 0) throw new Error(`ended: ${grid.endedRoles().join(', ')}`)
    const phase = (await intervalByN(db, id, n))?.phase ?? ''
    if (['settled', 'lapsed', 'missed'].includes(phase)) return phase
    await sleep(100)
  }
}

/** One after another, as a job and its events or as one stream, until it is over. @returns how many were completed */
async function askVideos(key: string): Promise<number> {
  const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' }
  let completed = 0
  for (let i = 0; !stopped.signal.aborted; i += 1) {
    const stream = i % 2 === 0
    const body = JSON.stringify({ prompt: 'a red circle', stream })
    const made = await fetch(`${grid.apiUrl}/v1/videos`, { method: 'POST', headers, body })
    const text = await made.text()
    let events = text
    if (!stream && made.ok) {
      const { id } = JSON.parse(text) as { id: string }
      const watched = await fetch(`${grid.apiUrl}/v1/videos/${id}/events`, { headers })
      events = await watched.text()
    }
    if (events.includes('event: video.completed')) completed += 1
    await (await fetch(`${grid.apiUrl}/v1/network/provers`)).arrayBuffer()
  }
  return completed
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
