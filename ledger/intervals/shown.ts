import { SHARE_WINDOW_INTERVALS } from '../../rules/constants.js'
import type { Queryable } from '../database.js'
import type { VerifierId } from '../verifier-id.js'
import { FINAL_PHASES, type IntervalRow } from './intervals.js'

/*
 * What may be told of an interval's judgements, and when (mechanism.md section 7, decision 0024). Another verifier that
 * knew scores before the weights made of them are in the open could copy these and be paid for judging. So scores,
 * observations, tiers, totals, verdicts and counts of an interval are shown nowhere before; every answer to somebody
 * who is not the operator asks here.
 */

/** Nothing of these stands on the chain yet. */
const UNSENT = "('decided', 'sent')"
const IN_THE_OPEN = "('included', 'confirmed')"

/**
 * A weight set that nobody waits for any more: it was never sent in as many settled intervals as a score remembers, by a
 * verifier without a permit, or whose chain is away.
 */
const isGivenUp = (set: string) =>
  `(${set}.state IN ${UNSENT} AND ${set}.n <= (SELECT max(newest.n) FROM intervals newest
    WHERE newest.netuid = $1 AND newest.verifier = $2 AND newest.phase = 'settled') - ${SHARE_WINDOW_INTERVALS})`

/**
 * The newest interval whose weights are in the open, or that has none to wait for: it set none, and none of an interval
 * before it, whose scores are nearly the same, are still to come. What gave way to a later interval's weights waits for
 * those.
 */
const OUT_THROUGH = `SELECT coalesce(max(w.n), 0) FROM weight_sets w
  WHERE w.netuid = $1 AND w.verifier = $2 AND (w.state IN ${IN_THE_OPEN}
    OR ((w.state = 'done' AND w.kind <> 'superseded' OR ${isGivenUp('w')}) AND NOT EXISTS (
      SELECT FROM weight_sets b WHERE b.netuid = $1 AND b.verifier = $2 AND b.n < w.n
        AND b.state NOT IN ('included', 'confirmed', 'done') AND NOT ${isGivenUp('b')}
        AND b.n > (SELECT coalesce(max(o.n), 0) FROM weight_sets o
          WHERE o.netuid = $1 AND o.verifier = $2 AND o.state IN ${IN_THE_OPEN}))))`

const FINAL = FINAL_PHASES.map((phase) => `'${phase}'`).join(', ')

/**
 * Of every final interval up to this one everything may be shown, 0 where of none: the next settled one is still hidden. One
 * that lapsed waits for those before it, because it tells what everyone's standing was when it opened. An expression of
 * SQL, with $1 netuid and $2 verifier.
 */
export const SHOWN_THROUGH = `SELECT coalesce(
    (SELECT min(hidden.n) - 1 FROM intervals hidden WHERE hidden.netuid = $1 AND hidden.verifier = $2
      AND hidden.phase = 'settled' AND hidden.n > (${OUT_THROUGH})),
    (SELECT max(final.n) FROM intervals final
      WHERE final.netuid = $1 AND final.verifier = $2 AND final.phase IN (${FINAL})),
    0)`

/** The number of the newest interval up to which everything final may be shown; 0: nothing. */
export async function shownThrough(db: Queryable, id: VerifierId): Promise<number> {
  const [row] = await db.query<{ n: number }>(`SELECT (${SHOWN_THROUGH}) AS n`, [
    id.netuid,
    id.verifier,
  ])
  return row!.n
}

/** Why nothing of what an interval found is told. */
export const HIDDEN_BECAUSE = {
  not_final:
    'It is not final: its plan, verdicts and counts would tell provers what is left to be checked.',
  weights_to_come:
    'Its weights are not in the open on the chain yet: told before, what it found could be copied into another verifier’s.',
} as const

export type HiddenBecause = keyof typeof HIDDEN_BECAUSE

/** Null: all of it may be shown. @param through of `shownThrough` */
export function hiddenBecause(
  { n, phase }: Pick<IntervalRow, 'n' | 'phase'>,
  through: number,
): HiddenBecause | null {
  if (!FINAL_PHASES.includes(phase)) return 'not_final'
  return n > through ? 'weights_to_come' : null
}
