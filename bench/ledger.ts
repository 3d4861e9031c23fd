/**
 * What recording outcomes costs: recordOutcomes in batches of 1, 32 and 256 (each outcome of a request of the verifier's,
 * assigned to the open interval, every eighth a failure with its check, over 256 provers), and 256 at a time on four
 * connections at once; beside a bare COPY of the same columns into a table without keys, batch by batch in turns.
 * Run: npm run bench -- ledger [--outcomes 4096]
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { mapWithLimit } from '../base/concurrency/map-with-limit.js'
import { createLog } from '../base/log.js'
import { removePostgres, startPostgres } from '../dev/postgres/start-postgres.js'
import { openDatabase } from '../ledger/database.js'
import {
  type NewAttempt,
  type NewOutcome,
  recordOutcomes,
  startAttempts,
} from '../ledger/requests/attempts.js'
import { migrate } from '../ledger/schema/migrate.js'
import type { VerifierId } from '../ledger/verifier-id.js'
import { copyIn } from './support/copy-in.js'
import { type Goal, report } from './support/figures.js'
import { timed } from './support/measure.js'
import { benchOptions } from './support/whole-options.js'

const BATCHES = [1, 32, 256]
const PROVERS = 256
const CONNECTIONS = 4
const GOAL_A_SECOND = 6000
/** Of what a bare COPY takes. */
const GOAL_SHARE = 0.5
const { outcomes: total } = benchOptions('ledger')

const log = createLog('bench', 'silent')
const id: VerifierId = { netuid: 1, verifier: 'bench' }
const dataDir = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
const postgres = await startPostgres({ dataDir, port: 0, log })
await migrate(postgres.url, { log })
const db = openDatabase({ url: postgres.url, applicationName: 'bench', max: CONNECTIONS, log })
const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client(postgres.url))
for (const client of clients) await client.connect()
await db.execute(
  `CREATE TABLE bare (request_id uuid, outcome text, reason text, frames_sha256 text, trace_root text,
     determinism_class text, model_root text, signature text, timings jsonb, warnings jsonb,
     elapsed_us bigint, first_record_us bigint, completed_at timestamptz)`,
)

const challenge = (_: unknown, i: number): NewAttempt => ({
  requestId: randomUUID(),
  n: 1,
  kind: 'challenge',
  inferenceId: null,
  attemptNo: 1,
  hedge: false,
  hotkey: `prover-${i % PROVERS}`,
  registeredBlock: 1,
  body: Buffer.alloc(500, 'x'),
  bodySha256: 'ab'.repeat(32),
  work: 786_432,
  counted: true,
  apiKeyId: null,
  deadlineMs: 30_000,
  blockRange: null,
})

const outcome = (requestId: string, i: number): NewOutcome => ({
  requestId,
  outcome: i % 8 === 0 ? 'failure' : 'success',
  reason: i % 8 === 0 ? 'late' : 'served',
  message: null,
  framesSha256: '01'.repeat(32),
  traceRoot: '02'.repeat(32),
  determinismClass: 'fc2;bench',
  modelRoot: 'cd'.repeat(32),
  signature: `0x${'03'.repeat(64)}`,
  requestNonce: '1',
  requestSignature: '0x00',
  timings: { total_us: 900_000 },
  warnings: [],
  elapsedUs: 950_000,
  firstRecordUs: 20_000,
  taken: null,
  verdict: i % 8 === 0 ? { verdict: 'fail', reason: 'late', rewardPpm: -50_000 } : null,
})

function copyBare(client: pg.Client, rows: readonly NewOutcome[]): Promise<void> {
  const cells = rows.map((row) => [
    ...[row.requestId, row.outcome, row.reason, row.framesSha256, row.traceRoot],
    ...[row.determinismClass, row.modelRoot, row.signature],
    ...[JSON.stringify(row.timings), JSON.stringify(row.warnings)],
    ...[row.elapsedUs, row.firstRecordUs, new Date().toISOString()],
  ])
  return copyIn(client, 'bare', cells)
}

/** Attempts that are under way, and what will be recorded of each, in batches. */
async function startBatches(size: number): Promise<NewOutcome[][]> {
  const rows = await startAttempts(db, id, Array.from({ length: total }, challenge))
  const outcomes = rows.map((row, i) => outcome(row.requestId, i))
  return Array.from({ length: Math.ceil(total / size) }, (_, i) =>
    outcomes.slice(i * size, (i + 1) * size),
  )
}

function show(what: string, recordedMs: number, copiedMs: number, goal?: Goal): void {
  const rate = (ms: number) => (1000 * total) / ms
  report(`outcomes recorded, ${what}`, rate(recordedMs), '/s', {
    beside: ['a bare COPY', rate(copiedMs)],
    ...(goal === undefined ? {} : { goal }),
  })
}

for (const size of BATCHES) {
  let recorded = 0
  let copied = 0
  // Alternating, so that the machine's other work strikes both alike.
  for (const part of await startBatches(size)) {
    recorded += await timed(() => recordOutcomes(db, id, part))
    copied += await timed(() => copyBare(clients[0]!, part))
  }
  show(`${size} at a time`, recorded, copied)
}

const batches = await startBatches(BATCHES.at(-1)!)
const recorded = await timed(() =>
  mapWithLimit(batches, CONNECTIONS, (part) => recordOutcomes(db, id, part)),
)
const free = [...clients]
const copied = await timed(() =>
  mapWithLimit(batches, CONNECTIONS, async (part) => {
    const client = free.pop()!
    await copyBare(client, part)
    free.push(client)
  }),
)
show(`${BATCHES.at(-1)} at a time on ${CONNECTIONS} connections`, recorded, copied, {
  of: 'figure',
  least: GOAL_A_SECOND,
})
report('the same, as a share of a bare COPY', copied / recorded, 'of it', {
  goal: { of: 'figure', least: GOAL_SHARE },
})

for (const client of clients) await client.end()
await db.close()
await postgres.stop()
await removePostgres(dataDir)
