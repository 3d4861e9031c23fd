/**
 * What recording outcomes costs: recordOutcomes in batches of 1, 32 and 256 (each outcome of a user's
 * request, assigned to the open interval, every eighth a failure with its check), beside a bare
 * multi-row INSERT of the same columns into a table without keys in the same run.
 * Run: npm run bench -- ledger [--outcomes 2048]   (DATABASE_URL: its own database there)
 */
import { randomUUID } from 'node:crypto'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
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
import { wholeOptions } from './support/whole-options.js'

const BATCHES = [1, 32, 256]
const { outcomes: total } = wholeOptions({ outcomes: 2048 })

const log = createLog('bench', 'silent')
const id: VerifierId = { netuid: 1, verifier: 'bench' }
const dataDir = await mkdtemp(join(tmpdir(), 'fractal-bench-'))
const postgres = await startPostgres({ dataDir, port: 0, log })
await migrate(postgres.url, { log })
const db = openDatabase({ url: postgres.url, applicationName: 'bench', max: 2, log })
await db.execute(
  `CREATE TABLE bare (request_id uuid, outcome text, reason text, frames_sha256 text, trace_root text,
     determinism_class text, model_root text, signature text, timings jsonb, warnings jsonb,
     elapsed_us bigint, first_record_us bigint, completed_at timestamptz)`,
)

const challenge = (): NewAttempt => ({
  requestId: randomUUID(),
  n: 1,
  kind: 'challenge',
  inferenceId: null,
  attemptNo: 1,
  hedge: false,
  hotkey: 'prover',
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

async function insertBare(rows: NewOutcome[]): Promise<void> {
  const cells = rows.map((row) => [
    row.requestId,
    row.outcome,
    row.reason,
    row.framesSha256,
    row.traceRoot,
    row.determinismClass,
    row.modelRoot,
    row.signature,
    JSON.stringify(row.timings),
    JSON.stringify(row.warnings),
    row.elapsedUs,
    row.firstRecordUs,
    new Date(),
  ])
  const width = cells[0]!.length
  const places = cells.map(
    (_, i) => `(${Array.from({ length: width }, (_, k) => `$${i * width + k + 1}`).join(', ')})`,
  )
  await db.execute(`INSERT INTO bare VALUES ${places.join(', ')}`, cells.flat())
}

async function msOf(fn: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await fn()
  return performance.now() - start
}

for (const size of BATCHES) {
  const rows = await startAttempts(db, id, Array.from({ length: total }, challenge))
  const outcomes = rows.map((row, i) => outcome(row.requestId, i))
  let recorded = 0
  let bare = 0
  // Alternating, so that the machine's other work strikes both alike.
  for (let i = 0; i < total; i += size) {
    const part = outcomes.slice(i, i + size)
    recorded += await msOf(() => recordOutcomes(db, id, part))
    bare += await msOf(() => insertBare(part))
  }
  const rate = Math.round((total / recorded) * 1000)
  console.log(
    `batch ${size}: ${(recorded / total).toFixed(3)} ms an outcome (${rate}/s), ` +
      `${(recorded / bare).toFixed(2)} times a bare INSERT`,
  )
}

await db.close()
await postgres.stop()
await removePostgres(dataDir)
