import { PROMOTION_VALIDATIONS } from '../constants.js'
import type { MechanismProfile } from '../profile.js'
import { type Counts, leastSuccesses, losesRate } from '../settle/rates.js'
import type { ProverState } from '../settle/settlement.js'
import type { Tier } from '../tiers.js'
import { grouped, howMany, tierName, tierRate } from './format-text.js'

/** One requirement of a tier, and how far a prover meets it. */
export interface TierLine {
  what:
    | 'request_success_rate'
    | 'validation_success_rate'
    | 'cheats'
    | 'total_successes'
    | 'passed_validations_since_last_move'
  have: number
  /** Out of how many attempts; null if it is not a rate. */
  of: number | null
  need: number
  /** Whether `need` is a minimum or a maximum. */
  bound: 'at_least' | 'at_most'
  met: boolean
  /** In words. */
  text: string
}

/** What a move is decided from, after settling. */
export interface TierFacts {
  tier: Tier
  /** Counts of the interval that was settled last. */
  counts: Counts & { cheats: number }
  /** With that interval's. */
  totalSuccesses: number
  /** With that interval's. */
  validationsSinceMove: number
  fastReturn: boolean
  /** In all settled intervals, including that one. */
  caught: Caught
}

/** How often a prover was caught, and the last interval in which it was. */
export interface Caught {
  cheats: number
  lastN: number | null
}

export type MoveRules = Pick<MechanismProfile, 'tierMinimums' | 'tiersRule'>
type Kind = 'request' | 'validation'

function countsOf({ counts }: TierFacts, kind: Kind): { have: number; of: number } {
  return kind === 'request'
    ? { have: counts.requestSuccesses, of: counts.requestAttempts }
    : { have: counts.checksPassed, of: counts.checksJudged }
}

const KINDS: readonly Kind[] = ['request', 'validation']
const DONE = { request: 'counted requests succeeded', validation: 'checks passed' } as const
const NONE = { request: 'no counted request', validation: 'no judged check' } as const

/** What the current tier requires, under the rule in force. */
export function keptRates(facts: TierFacts, { tiersRule }: MoveRules): TierLine[] {
  const { tier } = facts
  return KINDS.map((kind) => {
    const { have, of } = countsOf(facts, kind)
    const met = !losesRate(tier, have, of, tiersRule)
    const need = leastKept(tier, of, tiersRule)
    const text =
      of === 0
        ? `${NONE[kind]}: nothing is missed`
        : `${grouped(have)} of ${grouped(of)} ${DONE[kind]}; ${asks(tier, { need, of }, tiersRule)}`
    return { what: `${kind}_success_rate`, have, of, need, bound: 'at_least', met, text }
  })
}

function asks(
  tier: Tier,
  { need, of }: { need: number; of: number },
  rule: MechanismProfile['tiersRule'],
): string {
  const rate = tierRate(tier)
  return rule === 'literal'
    ? `${tierName(tier)} requires ${rate}, here ${grouped(need)} of ${grouped(of)}`
    : `with fewer than ${grouped(need)}, chance would not explain the failures at ${tierName(tier)}’s ${rate}`
}

/** The minimum successes that keep the tier. */
function leastKept(tier: Tier, attempts: number, rule: MechanismProfile['tiersRule']): number {
  if (rule === 'literal') return leastSuccesses(tier, attempts)
  let need = attempts
  while (need > 0 && !losesRate(tier, need - 1, attempts, rule)) need -= 1
  return need
}

/** What a higher tier requires: always by the literal rule, and at least one validation. */
export function reachedRates(tier: Tier, facts: TierFacts): TierLine[] {
  return KINDS.map((kind) => {
    const { have, of } = countsOf(facts, kind)
    const need = Math.max(leastSuccesses(tier, of), kind === 'validation' ? 1 : 0)
    const none =
      kind === 'validation'
        ? `${NONE[kind]}: without a passed validation in the interval nobody is promoted`
        : `${NONE[kind]}: the rate counts as met`
    const text =
      of === 0
        ? none
        : `${grouped(have)} of ${grouped(of)} ${DONE[kind]}; ${asks(tier, { need, of }, 'literal')}`
    return {
      what: `${kind}_success_rate`,
      have,
      of,
      need,
      bound: 'at_least',
      met: have >= need,
      text,
    }
  })
}

/** Cheats cost a tier whatever the rates, and block promotion. */
export function cheatsLine({ counts, caught }: TierFacts): TierLine {
  const { cheats } = counts
  return {
    what: 'cheats',
    have: cheats,
    of: null,
    need: 0,
    bound: 'at_most',
    met: cheats === 0,
    text: cheatsText(counts, caught),
  }
}

/**
 * About the interval that was settled last; earlier cheats are mentioned too, so that no past cheater looks
 * clean.
 */
function cheatsText({ cheats, checksJudged }: TierFacts['counts'], caught: Caught): string {
  if (cheats > 0) return `${howMany(cheats, 'cheat was', 'cheats were')} found`
  const none = checksJudged === 0 ? 'nothing of it was judged' : 'no cheat was found'
  return caught.lastN === null
    ? none
    : `${none} in this interval; before it ${howMany(caught.cheats, 'cheat', 'cheats')}, the last in interval ${caught.lastN}`
}

/** Total successes against the tier's minimum. */
export function totalLine(tier: Tier, { totalSuccesses }: TierFacts, rules: MoveRules): TierLine {
  const need = rules.tierMinimums[tier]
  return {
    what: 'total_successes',
    have: totalSuccesses,
    of: null,
    need,
    bound: 'at_least',
    met: totalSuccesses >= need,
    text: `${howMany(totalSuccesses, 'total success', 'total successes')}; ${tierName(tier)} requires ${grouped(need)}`,
  }
}

/** Passed validations against what any promotion requires. */
export function validationsLine({
  validationsSinceMove,
}: Pick<ProverState, 'validationsSinceMove'>) {
  const have = validationsSinceMove
  return {
    what: 'passed_validations_since_last_move',
    have,
    of: null,
    need: PROMOTION_VALIDATIONS,
    bound: 'at_least',
    met: have >= PROMOTION_VALIDATIONS,
    text: `${howMany(have, 'validation')} passed since the last move; a promotion requires ${PROMOTION_VALIDATIONS}`,
  } as const satisfies TierLine
}
