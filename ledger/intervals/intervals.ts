import type { MissedCause } from '../../rules/explain/missed-causes.js'
import type { MechanismProfile } from '../../rules/profile.js'
import type { Database, Queryable, Tx } from '../database.js'
import { LedgerError } from '../errors.js'
import { jsonRows } from '../json-rows.js'
import { lockOutcomes } from '../judging/outcome-lock.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import { profileSchema } from './profile-schema.js'

export const INTERVAL_PHASES = [
  /** Its blocks are known; its first is not final yet. */
  'announced',
  /** Metagraph read, being planned. */
  'open',
  'rounds',
  'audit',
  'settling',
  /** Final: judged and counted. */
  'settled',
  /** Final: not settled in time; changes no score, tier or weight. */
  'lapsed',
  /** Final: passed while the verifier was down. */
  'missed',
] as const

export type IntervalPhase = (typeof INTERVAL_PHASES)[number]

/** Phases after which nothing of an interval changes. */
export const FINAL_PHASES: readonly IntervalPhase[] = ['settled', 'lapsed', 'missed']

export interface IntervalRow {
  n: number
  firstBlock: number
  length: number
  firstBlockHash: string | null
  phase: IntervalPhase
  /** The settled interval whose tiers it uses. */
  openedAfter: number | null
  profile: MechanismProfile | null
  failure: string | null
  /** For a missed interval: what kept the verifier from beginning it. */
  missedBecause: MissedCause | null
  announcedAt: Date
  openedAt: Date | null
  /** From then on, no outcome of a user's request is assigned to it. */
  closedAt: Date | null
  settledAt: Date | null
  /** When its record and verdicts were deleted because of their age. */
  forgottenAt: Date | null
}

export interface IntervalBounds {
  n: number
  firstBlock: number
  length: number
}

const COLUMNS = `n, first_block, length, first_block_hash, phase,
  opened_after, profile, failure, missed_because,
  announced_at, opened_at, closed_at, settled_at, forgotten_at`
const OF = 'netuid = $1 AND verifier = $2'

const queryIntervals = jsonRows<IntervalRow>('intervals', (row) => row.n, {
  profile: profileSchema.nullable(),
})

/** The interval with the highest n, whatever its phase. */
export async function latestInterval(db: Queryable, id: VerifierId): Promise<IntervalRow | null> {
  return firstOrNull(await listIntervals(db, id, { limit: 1 }))
}

export async function intervalByN(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<IntervalRow | null> {
  return firstOrNull(
    await queryIntervals(db, `SELECT ${COLUMNS} FROM intervals WHERE ${OF} AND n = $3`, [
      id.netuid,
      id.verifier,
      n,
    ]),
  )
}

async function mustInterval(db: Queryable, id: VerifierId, n: number): Promise<IntervalRow> {
  const row = await intervalByN(db, id, n)
  if (row !== null) return row
  throw new LedgerError('not_recorded', `interval ${n} is not recorded`, { details: { n } })
}

/** The newest settled interval: its tiers and scores are the current ones. */
export async function lastSettled(db: Queryable, id: VerifierId): Promise<IntervalRow | null> {
  return firstOrNull(
    await queryIntervals(
      db,
      `SELECT ${COLUMNS} FROM intervals WHERE ${OF} AND phase = 'settled' ORDER BY n DESC LIMIT 1`,
      [id.netuid, id.verifier],
    ),
  )
}

/** The first interval before n that is not final: settling n has to wait for it. */
export async function firstUnsettledBefore(
  db: Queryable,
  id: VerifierId,
  n: number,
): Promise<IntervalRow | null> {
  return firstOrNull(
    await queryIntervals(
      db,
      `SELECT ${COLUMNS} FROM intervals
       WHERE ${OF} AND n < $3 AND phase NOT IN ('settled', 'lapsed', 'missed') ORDER BY n LIMIT 1`,
      [id.netuid, id.verifier, n],
    ),
  )
}

/** Newest first. @param options.before only those with a smaller n */
export async function listIntervals(
  db: Queryable,
  id: VerifierId,
  { limit, before }: { limit: number; before?: number },
): Promise<IntervalRow[]> {
  return queryIntervals(
    db,
    `SELECT ${COLUMNS} FROM intervals WHERE ${OF} AND ($3::integer IS NULL OR n < $3) ORDER BY n DESC LIMIT $4`,
    [id.netuid, id.verifier, before ?? null, limit],
  )
}

/** The settings that the newest opened interval recorded; null before the first. */
export async function profileInForce(
  db: Queryable,
  id: VerifierId,
): Promise<MechanismProfile | null> {
  const [row] = await queryIntervals(
    db,
    `SELECT ${COLUMNS} FROM intervals WHERE ${OF} AND profile IS NOT NULL ORDER BY n DESC LIMIT 1`,
    [id.netuid, id.verifier],
  )
  return row?.profile ?? null
}

async function addInterval(
  db: Database,
  id: VerifierId,
  bounds: IntervalBounds,
  phase: 'announced' | 'missed',
): Promise<IntervalRow> {
  return db.tx(async (tx) => {
    await lockOutcomes(tx, id)
    await tx.execute(
      'INSERT INTO verifiers (netuid, verifier) VALUES ($1, $2) ON CONFLICT DO NOTHING',
      [id.netuid, id.verifier],
    )
    const latest = await latestInterval(tx, id)
    const next =
      latest === null
        ? { n: 1, firstBlock: bounds.firstBlock }
        : { n: latest.n + 1, firstBlock: latest.firstBlock + latest.length }
    if (bounds.n >= next.n) {
      if (bounds.n !== next.n || bounds.firstBlock !== next.firstBlock) {
        throw new LedgerError(
          'interval_not_contiguous',
          `interval ${bounds.n} from block ${bounds.firstBlock} does not follow: next is ${next.n} from ${next.firstBlock}`,
          { details: { ...bounds, next } },
        )
      }
      await tx.execute(
        `INSERT INTO intervals (netuid, verifier, n, first_block, length, phase, closed_at)
         VALUES ($1, $2, $3, $4, $5, $6, CASE WHEN $6 = 'missed' THEN clock_timestamp() END)`,
        [id.netuid, id.verifier, bounds.n, bounds.firstBlock, bounds.length, phase],
      )
    }
    return mustInterval(tx, id, bounds.n)
  })
}

/**
 * Adds the next interval; a row that was already recorded for this n is kept and returned.
 * @throws LedgerError `interval_not_contiguous`
 */
export function announceInterval(
  db: Database,
  id: VerifierId,
  bounds: IntervalBounds,
): Promise<IntervalRow> {
  return addInterval(db, id, bounds, 'announced')
}

/**
 * Records that an interval passed while the verifier was down: a new row, or one that was announced and never
 * opened. An interval that did open is left unchanged.
 * @param because what kept the verifier from beginning it
 */
export async function markMissed(
  db: Database,
  id: VerifierId,
  bounds: IntervalBounds,
  because: MissedCause,
): Promise<IntervalRow> {
  await addInterval(db, id, bounds, 'missed')
  await db.tx(async (tx) => {
    await lockOutcomes(tx, id)
    await tx.execute(
      `UPDATE intervals SET phase = 'missed', closed_at = coalesce(closed_at, clock_timestamp()), missed_because = $4
       WHERE ${OF} AND n = $3 AND (phase = 'announced' OR (phase = 'missed' AND missed_because IS NULL))`,
      [id.netuid, id.verifier, bounds.n, because],
    )
  })
  return mustInterval(db, id, bounds.n)
}

/**
 * Moves an interval to the next phase if it is in one of `from`; otherwise nothing changes, for example when
 * a workflow runs again after a reset.
 * @returns the phase it is in now
 */
export async function setPhase(
  tx: Tx,
  id: VerifierId,
  n: number,
  phase: 'rounds' | 'audit' | 'settling',
  from: readonly IntervalPhase[],
): Promise<IntervalPhase> {
  // Settling closes the interval. As everywhere, this lock is taken before the row's, or two transactions
  // could deadlock.
  if (phase === 'settling') await lockOutcomes(tx, id)
  await tx.execute(
    `UPDATE intervals SET phase = $4,
       closed_at = CASE WHEN $4 = 'settling' THEN coalesce(closed_at, clock_timestamp()) ELSE closed_at END
     WHERE ${OF} AND n = $3 AND phase = ANY ($5) AND phase NOT IN ('settled', 'lapsed', 'missed')`,
    [id.netuid, id.verifier, n, phase, from],
  )
  return (await mustInterval(tx, id, n)).phase
}

export interface Opening {
  n: number
  firstBlockHash: string
  openedAfter: number | null
  profile: MechanismProfile
}

/**
 * Opens an announced interval. Earlier ones are closed too, in case their own workflow failed to do so: an
 * outcome from this interval's time must not count in an earlier one.
 * @returns the row; unchanged if it was opened before
 * @throws LedgerError `interval_final` when it is missed or lapsed
 */
export async function openIntervalRow(
  tx: Tx,
  id: VerifierId,
  opening: Opening,
): Promise<IntervalRow> {
  await lockOutcomes(tx, id)
  await tx.execute(
    `UPDATE intervals SET closed_at = clock_timestamp() WHERE ${OF} AND n < $3 AND closed_at IS NULL`,
    [id.netuid, id.verifier, opening.n],
  )
  await tx.execute(
    `UPDATE intervals SET phase = 'open', first_block_hash = $4, opened_after = $5, profile = $6,
       opened_at = clock_timestamp()
     WHERE ${OF} AND n = $3 AND phase = 'announced'`,
    [
      id.netuid,
      id.verifier,
      opening.n,
      opening.firstBlockHash,
      opening.openedAfter,
      JSON.stringify(opening.profile),
    ],
  )
  const row = await mustInterval(tx, id, opening.n)
  if (row.phase === 'missed' || row.phase === 'lapsed') {
    throw new LedgerError('interval_final', `interval ${row.n} is ${row.phase}: it can't open`, {
      details: { n: row.n, phase: row.phase },
    })
  }
  return row
}

/** Its last block is final: users' outcomes belong to the next interval from now on. */
export async function closeInterval(tx: Tx, id: VerifierId, n: number): Promise<void> {
  await lockOutcomes(tx, id)
  await tx.execute(
    `UPDATE intervals SET closed_at = coalesce(closed_at, clock_timestamp()) WHERE ${OF} AND n = $3`,
    [id.netuid, id.verifier, n],
  )
}

/** Gives up an interval that was not settled in time. @returns the phase it is in now */
export async function lapseInterval(tx: Tx, id: VerifierId, n: number): Promise<IntervalPhase> {
  await lockOutcomes(tx, id)
  await tx.execute(
    `UPDATE intervals SET phase = 'lapsed', closed_at = coalesce(closed_at, clock_timestamp())
     WHERE ${OF} AND n = $3 AND phase NOT IN ('settled', 'lapsed', 'missed')`,
    [id.netuid, id.verifier, n],
  )
  return (await mustInterval(tx, id, n)).phase
}

/** @param failure one line that says what failed and what to do; null when the interval continues */
export async function setFailure(
  db: Queryable,
  id: VerifierId,
  n: number,
  failure: string | null,
): Promise<void> {
  await db.execute(`UPDATE intervals SET failure = $4 WHERE ${OF} AND n = $3`, [
    id.netuid,
    id.verifier,
    n,
    failure,
  ])
}

/**
 * The interval that an outcome recorded now belongs to: the first that is not closed, else the one after the
 * last. A SQL expression with $1 netuid and $2 verifier, to be evaluated under the lock of outcome-lock.ts.
 */
export const CURRENT_N = `coalesce(
  (SELECT min(n) FROM intervals WHERE ${OF} AND closed_at IS NULL),
  (SELECT max(n) FROM intervals WHERE ${OF}) + 1,
  1)`
