/**
 * What choosing a prover for a user's request costs, reads and all, in an interval that is well on: 256
 * provers that got 173 requests each, some of them under way.
 * Run: npm run bench -- routing [--provers 256] [--requests 173] [--picks 200]
 */
import { randomInt, randomUUID } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chooseProver } from '../activities/video/choose-prover.js'
import { createLog } from '../base/log.js'
import { removePostgres, startPostgres } from '../dev/postgres/start-postgres.js'
import { openDatabase } from '../ledger/database.js'
import { announceInterval, openIntervalRow } from '../ledger/intervals/intervals.js'
import { insertIntervalProvers, upsertStandings } from '../ledger/provers/provers.js'
import { NO_ANSWER, recordOutcomes, startAttempts } from '../ledger/requests/attempts.js'
import { migrate } from '../ledger/schema/migrate.js'
import { PRODUCTION_PROFILE } from '../rules/profile.js'
import { wholeOptions } from './support/whole-options.js'

const { provers, requests, picks } = wholeOptions({ provers: 256, requests: 173, picks: 200 })
const WORK = 786_432

const log = createLog('bench', 'silent')
const id = { netuid: 1, verifier: 'bench' }
const dataDir = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
const postgres = await startPostgres({ dataDir, port: 0, log })
await migrate(postgres.url, { log })
const db = openDatabase({ url: postgres.url, applicationName: 'bench', max: 4, log })

const known = Array.from({ length: provers }, (_, uid) => ({
  hotkey: `prover-${uid}`,
  registeredBlock: uid,
  uid,
  coldkey: `coldkey-${uid}`,
  axonIp: '192.0.2.1',
  axonPort: 9000,
}))
await announceInterval(db, id, { n: 1, firstBlock: 0, length: 360 })
await db.tx(async (tx) => {
  await openIntervalRow(tx, id, {
    n: 1,
    firstBlockHash: 'ab'.repeat(32),
    openedAfter: null,
    profile: PRODUCTION_PROFILE,
  })
  await upsertStandings(tx, id, known)
  await insertIntervalProvers(
    tx,
    id,
    1,
    known.map((prover) => ({
      ...prover,
      ...{ stakeRao: 0n, validatorPermit: false, tier: 'bronze', totalSuccesses: 0, scorePpm: 0 },
      ...{ determinismClass: 'fc2;bench', modelRoot: 'cd'.repeat(32), capacity: 2 },
      ...{ reachable: true, unreachableReason: null },
    })),
  )
})
for (let k = 0; k < requests; k += 1) {
  const rows = await startAttempts(
    db,
    id,
    known.map(({ hotkey, registeredBlock }) => ({
      ...{ requestId: randomUUID(), n: 1, kind: 'challenge', inferenceId: null, attemptNo: 1 },
      ...{ hedge: false, hotkey, registeredBlock, body: Buffer.alloc(500, 'x') },
      ...{ bodySha256: 'ab'.repeat(32), work: WORK, counted: true, apiKeyId: null },
      ...{ deadlineMs: 3_600_000, blockRange: 0 },
    })),
  )
  // The last of every second prover are under way.
  const ended = k + 1 < requests ? rows : rows.filter((_, i) => i % 2 === 0)
  await recordOutcomes(
    db,
    id,
    ended.map(({ requestId }) => ({
      ...NO_ANSWER,
      ...{ requestId, outcome: 'success', reason: 'served', message: null, verdict: null },
      ...{ framesSha256: '01'.repeat(32), traceRoot: '02'.repeat(32), signature: '0x' },
      ...{ determinismClass: 'fc2;bench', modelRoot: 'cd'.repeat(32) },
      ...{ elapsedUs: 900_000 + randomInt(100_000) },
    })),
  )
}
await db.execute('ANALYZE')

const deps = {
  id,
  db,
  block: () => 10,
  deadlineFloorMs: 10_000,
  random: () => randomInt(1_000_000),
}
const ms: number[] = []
for (let k = 0; k < picks; k += 1) {
  const start = performance.now()
  const chosen = await chooseProver(deps, WORK, [])
  if (chosen === null) throw new Error('nobody was chosen')
  ms.push(performance.now() - start)
}
ms.sort((a, b) => a - b)
const at = (share: number) => ms[Math.min(picks - 1, Math.floor(picks * share))]!.toFixed(2)
console.log(
  `${provers} provers, ${requests} requests each: a pick takes ${at(0)} ms (least), ${at(0.5)} ms (median), ${at(0.95)} ms (95 %)`,
)
await db.close()
await postgres.stop()
await removePostgres(dataDir)
