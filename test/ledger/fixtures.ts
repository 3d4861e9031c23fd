import type { Database } from '../../ledger/database.js'
import {
  announceInterval,
  CURRENT_N,
  type IntervalRow,
  openIntervalRow,
} from '../../ledger/intervals/intervals.js'
import {
  beginRound,
  insertPlan,
  insertPlanItems,
  type PlanItemRow,
} from '../../ledger/intervals/plans.js'
import type { SettlementResult } from '../../ledger/intervals/settlement.js'
import {
  type IntervalProverRow,
  insertIntervalProvers,
  type ProverAddress,
  upsertStandings,
} from '../../ledger/provers/provers.js'
import type { NewAttempt, NewOutcome } from '../../ledger/requests/attempts.js'
import {
  type ContentRow,
  type ContentVariant,
  insertJob,
  type JobRow,
} from '../../ledger/requests/jobs.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { TEST_PROFILE } from '../../rules/profile.js'
import type { ProverKey, ProverSettlement, Settlement } from '../../rules/settle/settlement.js'
import { NO_SPOT_CHECKS } from '../support/no-spot-checks.js'

let verifiers = 0

/** A verifier that no other test uses. */
export function newVerifier(): VerifierId {
  verifiers += 1
  return { netuid: 18, verifier: `verifier-${verifiers}` }
}

let ids = 0

/** UUIDs that count up. */
export function uuid(): string {
  ids += 1
  return `00000000-0000-4000-8000-${String(ids).padStart(12, '0')}`
}

export const LENGTH = 20

export function prover(uid: number): ProverAddress {
  return {
    hotkey: `prover-${uid}`,
    registeredBlock: 100 + uid,
    uid,
    coldkey: `coldkey-${uid}`,
    axonIp: '192.0.2.1',
    axonPort: 9000 + uid,
  }
}

export function intervalProver(uid: number): IntervalProverRow {
  return {
    ...prover(uid),
    stakeRao: 2n ** 63n,
    validatorPermit: false,
    tier: 'bronze',
    totalSuccesses: 0,
    scorePpm: 0,
    determinismClass: 'fc2;test',
    modelRoot: 'cd'.repeat(32),
    capacity: 2,
    reachable: true,
    unreachableReason: null,
  }
}

/** Announces and opens interval n (contiguous from 1) with provers 1 and 2. */
export async function openInterval(
  db: Database,
  id: VerifierId,
  n: number,
  uids: readonly number[] = [1, 2],
): Promise<IntervalRow> {
  await announceInterval(db, id, { n, firstBlock: 1000 + (n - 1) * LENGTH, length: LENGTH })
  return db.tx(async (tx) => {
    const row = await openIntervalRow(tx, id, {
      n,
      firstBlockHash: 'ab'.repeat(32),
      openedAfter: null,
      profile: TEST_PROFILE,
    })
    await upsertStandings(tx, id, uids.map(prover))
    await insertIntervalProvers(tx, id, n, uids.map(intervalProver))
    return row
  })
}

/** The interval that an outcome of now would be assigned to. */
export async function currentN(db: Database, id: VerifierId): Promise<number> {
  const rows = await db.query<{ n: number }>(`SELECT ${CURRENT_N} AS n`, [id.netuid, id.verifier])
  return rows[0]!.n
}

/** Of the key that tests of the API call with. */
export const TEST_KEY_ID = `key_${'07'.repeat(12)}`

export function newJob(
  db: Database,
  id: VerifierId,
  changes: Partial<JobRow> = {},
): Promise<JobRow> {
  const inferenceId = uuid()
  return insertJob(db, id, {
    id: `video_${inferenceId.replaceAll('-', '').slice(-24)}`,
    inferenceId,
    apiKeyId: TEST_KEY_ID,
    seed: 4294967295,
    prompt: 'a red ball rolls',
    negativePrompt: '',
    steps: 4,
    guidanceMilli: 3000,
    width: 64,
    height: 64,
    frames: 16,
    fps: 8,
    model: 'test',
    counted: true,
    reusePrompt: true,
    ...changes,
  })
}

/** A challenge of interval n, an attempt at a user's request (with an inference id), or one of a wide round. */
export function attempt(
  uid: number,
  changes: Partial<NewAttempt> & ({ n: number } | { inferenceId: string } | { wideN: number }),
): NewAttempt {
  return {
    requestId: uuid(),
    n: null,
    kind: 'inferenceId' in changes ? 'inference' : 'challenge',
    inferenceId: null,
    attemptNo: 1,
    hedge: false,
    hotkey: prover(uid).hotkey,
    registeredBlock: prover(uid).registeredBlock,
    body: new TextEncoder().encode('{"query":"a red ball rolls"}'),
    bodySha256: 'ef'.repeat(32),
    work: 4 * 16 * 64 * 64,
    counted: true,
    apiKeyId: 'inferenceId' in changes ? 'local' : null,
    deadlineMs: 30_000,
    blockRange: 'inferenceId' in changes ? 0 : null,
    ...changes,
  }
}

export function success(requestId: string, changes: Partial<NewOutcome> = {}): NewOutcome {
  return {
    requestId,
    outcome: 'success',
    reason: 'served',
    message: null,
    framesSha256: '01'.repeat(32),
    traceRoot: '02'.repeat(32),
    determinismClass: 'fc2;test',
    modelRoot: 'cd'.repeat(32),
    signature: `0x${'03'.repeat(64)}`,
    requestNonce: '1',
    requestSignature: '0x00',
    timings: { total_us: 900_000 },
    warnings: [],
    elapsedUs: 950_000,
    firstRecordUs: 20_000,
    taken: null,
    verdict: null,
    ...changes,
  }
}

export function failure(requestId: string, changes: Partial<NewOutcome> = {}): NewOutcome {
  return success(requestId, {
    outcome: 'failure',
    reason: 'late',
    framesSha256: null,
    traceRoot: null,
    determinismClass: null,
    modelRoot: null,
    signature: null,
    timings: null,
    warnings: null,
    verdict: { verdict: 'fail', reason: 'late', rewardPpm: null },
    ...changes,
  })
}

/** A settlement in which each prover passed one check; the first was promoted. */
export function settlementOf(n: number, uids: readonly number[] = [1, 2]): Settlement {
  const provers = uids.map((uid, i): ProverSettlement => {
    const { hotkey, registeredBlock } = prover(uid)
    return {
      hotkey,
      registeredBlock,
      uid,
      tierBefore: 'bronze',
      tierAfter: i === 0 ? 'silver' : 'bronze',
      move: i === 0 ? { from: 'bronze', to: 'silver', reason: 'promoted' } : null,
      requestAttempts: 3,
      requestSuccesses: 2,
      checksJudged: 1,
      checksPassed: 1,
      cheats: 0,
      totalBefore: 0,
      totalAfter: 3,
      observationPpm: 450_000,
      meanRewardPpm: 1_000_000,
      ...{ wideRounds: 2, wideGpus: 2, newestWideGpus: 1, wideSlots: 4, wideKept: 4 },
      ...{ offered: 3, accepted: 3, wideSharePpm: 1_000_000, offerSharePpm: 1_000_000 },
      ...{ capacityPpm: 1_000_000, paidCapacityPpm: 1_000_000 },
      scoreBefore: 0,
      scoreAfter: 22_500,
      validationsSinceMove: i === 0 ? 0 : 1,
      fastReturn: false,
    }
  })
  return { n, provers, cheatingHotkeys: [] }
}

/** What settling needs besides the ledger's rows, for the model that nothing of these is of. */
export const SETTLED_BY = { profile: TEST_PROFILE, standardWork: 4 * 16 * 64 * 64, blocks: LENGTH }

/** A file of a job, as its completion stores it. */
export async function putContent(
  db: Database,
  jobId: string,
  variant: ContentVariant,
  { mime, bytes, sha256 }: ContentRow,
): Promise<void> {
  await db.execute(
    'INSERT INTO contents (job_id, variant, mime, bytes, sha256) VALUES ($1, $2, $3, $4, $5)',
    [jobId, variant, mime, bytes, sha256],
  )
}

/** A wide round of interval n at a prover, in which these requests of ours were in flight. */
export async function putWideRound(
  db: Database,
  id: VerifierId,
  n: number,
  { hotkey, registeredBlock }: ProverKey,
  { round = 1, gpus = 1, inFlight = [] as string[] } = {},
): Promise<void> {
  await db.execute(
    `INSERT INTO wide_rounds (netuid, verifier, n, round, hotkey, registered_block, gpus, in_flight)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [id.netuid, id.verifier, n, round, hotkey, registeredBlock, gpus, inFlight],
  )
}

export function recordFor(n: number) {
  return {
    body: `{"n":${n}}`,
    hash: n.toString(16).padStart(64, '0'),
    previousHash: n === 1 ? null : (n - 1).toString(16).padStart(64, '0'),
  }
}

/** What `writeSettlement` stores of `settlementOf`, without anything having been read. */
export function resultFor(n: number, uids?: readonly number[]): SettlementResult {
  return { settlement: settlementOf(n, uids), record: recordFor(n), read: null }
}

/** A plan whose rounds of challenges have begun, with what they asked. */
export async function begunPlan(
  db: Database,
  id: VerifierId,
  n: number,
  items: readonly PlanItemRow[],
): Promise<void> {
  const numbers = [...new Set(items.map(({ round }) => round))]
  const rounds = numbers.map((round) => ({ kind: 'challenge' as const, round, momentMs: round }))
  const header = {
    rounds: rounds.length,
    gpuUsPerWork: null,
    gpuColdUs: 0,
    ...NO_SPOT_CHECKS,
    inputs: {},
  }
  await db.tx(async (tx) => {
    await insertPlan(tx, id, n, header, rounds)
    for (const { round } of rounds)
      await beginRound(tx, id, n, { kind: 'challenge', round, busy: [] })
    await insertPlanItems(tx, id, n, items)
  })
}
