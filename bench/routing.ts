/**
 * What choosing a prover for a user's request costs in an interval that is well on, while requests begin
 * and end: the rules alone, and with what the ledger is asked, beside a bare query of the same run.
 * Run: npm run bench -- routing [--provers 256] [--requests 173] [--picks 500]
 */
import { randomInt, randomUUID } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chooseProver } from '../activities/video/choose-prover.js'
import { ProverRoutes } from '../activities/video/prover-routes.js'
import { createLog } from '../base/log.js'
import { removePostgres, startPostgres } from '../dev/postgres/start-postgres.js'
import { openDatabase } from '../ledger/database.js'
import { announceInterval, openIntervalRow } from '../ledger/intervals/intervals.js'
import { putCertificate } from '../ledger/judging/certificates.js'
import { insertIntervalProvers, upsertStandings } from '../ledger/provers/provers.js'
import { NO_ANSWER, recordOutcomes, startAttempts } from '../ledger/requests/attempts.js'
import { migrate } from '../ledger/schema/migrate.js'
import { PRODUCTION_PROFILE } from '../rules/profile.js'
import type { RouteFacts } from '../rules/routing/route-facts.js'
import { RouteTable } from '../rules/routing/route-table.js'
import { report } from './support/figures.js'
import { quantile, timed } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const { provers, requests, picks } = benchOptions('routing')
const WORK = 786_432
const CLASS = 'fc2;bench'
/** Requests under way while picks are measured. */
const UNDER_WAY = Math.floor(provers / 2)

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
await putCertificate(db, {
  ...{ determinismClass: CLASS, modelRoot: 'cd'.repeat(32), exact: true, runs: 100, processes: 2 },
  ...{ usPerWork: 1_100_000, coldUs: 0, spotCheckUsPerPixel: 1, profile: 'production' },
  framesSha256: '01'.repeat(32),
  stepDeviation: 0,
  frameDeviation: 0,
})
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
      ...{ stakeRao: 0n, validatorPermit: false, tier: 'silver', totalSuccesses: 0, scorePpm: 0 },
      ...{ determinismClass: CLASS, modelRoot: 'cd'.repeat(32), capacity: 2 },
      ...{ reachable: true, unreachableReason: null },
    })),
  )
})

type Prover = (typeof known)[number]
const begin = (asked: readonly Prover[]) =>
  startAttempts(
    db,
    id,
    asked.map(({ hotkey, registeredBlock }) => ({
      ...{ requestId: randomUUID(), n: 1, kind: 'challenge', inferenceId: null, attemptNo: 1 },
      ...{ hedge: false, hotkey, registeredBlock, body: Buffer.alloc(500, 'x') },
      ...{ bodySha256: 'ab'.repeat(32), work: WORK, counted: true, apiKeyId: null },
      ...{ deadlineMs: 3_600_000, blockRange: 0, gpus: 1 },
    })),
  )
const end = (rows: readonly { requestId: string }[]) =>
  recordOutcomes(
    db,
    id,
    rows.map(({ requestId }) => ({
      ...NO_ANSWER,
      ...{ requestId, outcome: 'success', reason: 'served', message: null, verdict: null },
      ...{ framesSha256: '01'.repeat(32), traceRoot: '02'.repeat(32), signature: '0x' },
      ...{ determinismClass: CLASS, modelRoot: 'cd'.repeat(32) },
      ...{ elapsedUs: 900_000 + randomInt(100_000) },
    })),
  )
for (let k = 0; k < requests; k += 1) await end(await begin(known))
let underWay = await begin(known.slice(0, UNDER_WAY))
await db.execute('ANALYZE')

const deps = {
  routes: new ProverRoutes(db, id),
  block: () => 10,
  deadlineFloorMs: 10_000,
  random: (below: number) => randomInt(below),
}
const pick = () => chooseProver(deps, WORK, [])
console.log(`${provers} provers, ${requests} requests each, ${UNDER_WAY} under way`)
report('the first pick, which reads all provers', await timed(pick), 'ms')
const times: number[] = []
const bare: number[] = []
for (let k = 0; k < picks; k += 1) {
  // Between two picks the chosen prover's request begins, and another one ends.
  const start = performance.now()
  const { hotkey } = await pick()
  times.push(performance.now() - start)
  // So many outcomes a second may leave everybody alone for a moment: a pick that says so is one too.
  const chosen = known.find((prover) => prover.hotkey === hotkey) ?? known[randomInt(provers)]!
  await end(underWay.slice(0, 1))
  underWay = [...underWay.slice(1), ...(await begin([chosen]))]
  bare.push(await timed(() => db.query('SELECT 1')))
}
for (const [name, share] of [
  ['p50', 0.5],
  ['p95', 0.95],
] as const) {
  report(`a pick with its reads, ${name}`, quantile(times, share), 'ms', {
    beside: ['a bare query', quantile(bare, share)],
  })
}
showRules()
await db.close()
await postgres.stop()
await removePostgres(dataDir)

/** The same without a ledger: of each pick's prover one request begins, and another one's ends. */
function showRules(): void {
  const now = { ms: 1_000_000_000, range: 0 }
  const table = new RouteTable()
  const facts = known.map(
    ({ hotkey }, i): RouteFacts => ({
      ...{ hotkey, tier: 'silver', gpus: 1, provenPpm: null, blockRange: 0, used: 0 },
      ...{ usPerWork: 1_100_000 + randomInt(400_000), measuredMs: now.ms, failuresInARow: 0 },
      ...{ certifiedUsPerWork: 1_100_000, failedMs: null, passedSinceCheat: null },
      ...{ refusedUntilMs: null, pausedUntilMs: i % 8 === 0 ? now.ms + randomInt(2_000) : null },
      openRequests: i % 2 === 0 ? [{ askedMs: now.ms, untilMs: now.ms + 60_000 }] : [],
    }),
  )
  table.advance(now)
  for (const one of facts) table.set(one)
  const rounds = 20_000
  let spent = 0
  for (let k = 0; k < rounds; k += 1) {
    const changed = facts[randomInt(provers)]!
    const openRequests = k % 2 === 0 ? [] : [{ askedMs: now.ms, untilMs: now.ms + 60_000 }]
    const began = performance.now()
    table.advance({ ...now, ms: now.ms + Math.floor(k / 10) })
    table.set({ ...changed, openRequests })
    // A request that one failed before is rare.
    table.pick(k % 10 === 0 ? ['prover-1'] : [], deps.random)
    if (k >= rounds / 2) spent += performance.now() - began
  }
  report('a pick, the rules alone', (1000 * spent) / (rounds / 2), 'µs')
}
