/**
 * Memory of the verifier over many intervals: resident bytes after each, and the later ones beside the
 * earlier (a ratio near 1 is flat). A whole grid with the fast random model, on the local chain.
 * Run: npm run bench -- memory [--intervals 50]   (Linux: reads /proc)
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
import { openDatabase } from '../ledger/database.js'
import { intervalByN } from '../ledger/intervals/intervals.js'
import { weightSet } from '../ledger/intervals/weights.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import { median } from './support/measure.js'
import { wholeOptions } from './support/whole-options.js'

const NETUID = 7
const BLOCK_MS = 250
const INTERVAL_BLOCKS = 16
const PROVERS = [{ name: 'prover-1' }, { name: 'prover-2' }, { name: 'prover-3' }]
const FAST_MODEL = fileURLToPath(new URL('../test/fixtures/random-model/model', import.meta.url))
const MEBIBYTE = 2 ** 20

const { intervals } = wholeOptions({ intervals: 50 })
if (!Number.isInteger(intervals) || intervals < 10) {
  console.error('--intervals: a whole number from 10 on')
  process.exit(2)
}

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
try {
  await grid.startStores()
  await grid.startChain(BLOCK_MS)
  await grid.startRole('gpu-worker')
  await Promise.all(PROVERS.map((_, i) => grid.startProver(i)))
  await grid.startRole('verifier')
  const db = openDatabase({ url: grid.databaseUrl, applicationName: 'bench', max: 1, log })
  const id: VerifierId = { netuid: NETUID, verifier: grid.verifier.hotkey }
  const samples: number[] = []
  const phases: Record<string, number> = {}
  for (let n = 1; n <= intervals; n += 1) {
    let phase = ''
    while (!['settled', 'lapsed', 'missed'].includes(phase)) {
      if (grid.endedRoles().length > 0) throw new Error(`ended: ${grid.endedRoles().join(', ')}`)
      await sleep(100)
      phase = (await intervalByN(db, id, n))?.phase ?? ''
    }
    phases[phase] = (phases[phase] ?? 0) + 1
    samples.push(await residentBytes(grid.rolePid('verifier')))
  }
  const waits: number[] = []
  for (let n = 1; n <= intervals; n += 1) {
    const settledAt = (await intervalByN(db, id, n))?.settledAt
    const set = await weightSet(db, id, n)
    if (settledAt != null && set?.state === 'confirmed') waits.push(+set.updatedAt - +settledAt)
  }
  await db.close()
  const fifth = Math.floor(intervals / 5)
  const early = median(samples.slice(fifth, 2 * fifth))
  const late = median(samples.slice(-fifth))
  console.log(
    `intervals: ${Object.entries(phases)
      .map(([phase, n]) => `${n} ${phase}`)
      .join(', ')}`,
  )
  console.log(`resident MiB after each: ${samples.map((b) => Math.round(b / MEBIBYTE)).join(' ')}`)
  console.log(
    `from settled to weights read back, ${waits.length} intervals: median ${median(waits)} ms (blocks of ${BLOCK_MS} ms, the block with the weights among them)`,
  )
  console.log(
    `median of intervals ${fifth + 1} to ${2 * fifth}: ${Math.round(early / MEBIBYTE)} MiB, of the last ${fifth}: ${Math.round(late / MEBIBYTE)} MiB, ratio ${(late / early).toFixed(2)}`,
  )
} finally {
  await grid.stop()
  await state.unlock()
  await removePostgres(state.postgres)
  await rm(state.root, { recursive: true, force: true })
}
