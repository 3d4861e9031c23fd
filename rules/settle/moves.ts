import { PROMOTION_VALIDATIONS } from '../constants.js'
import type { MechanismProfile } from '../profile.js'
import { type Tier, tierAbove, tierBelow } from '../tiers.js'
import type { Reason } from '../verdicts.js'
import { losesTier, meetsRates } from './rates.js'
import type { Move, MoveReason, ProverState } from './settlement.js'
import type { Tally } from './tally.js'

/** Failures that mean the prover was offline. */
const DOWNTIME: ReadonlySet<Reason> = new Set<Reason>(['no_answer', 'unreachable'])

export interface MoveInput {
  state: Pick<ProverState, 'tier' | 'totalSuccesses' | 'validationsSinceMove' | 'fastReturn'>
  tally: Tally
  /** Total successes including this interval's. */
  totalAfter: number
  profile: Pick<MechanismProfile, 'tierMinimums' | 'tiersRule'>
}

export interface MoveOutcome {
  tier: Tier
  move: Move | null
  validationsSinceMove: number
  fastReturn: boolean
}

/**
 * Decides a prover's tier after an interval: relegation, fast return or promotion, at most one of them. In
 * Bronze, whatever would cost a tier still prevents promotion.
 */
export function decideMove(input: MoveInput): MoveOutcome {
  const { state, tally } = input
  const passed = tally.cheats > 0 ? 0 : tally.checksPassed
  const validationsSinceMove = state.validationsSinceMove + passed
  const loss = lossReason(input)
  const below = loss === 'cheat' ? bronzeBelow(state.tier) : tierBelow(state.tier)
  const fastReturn = keepsFastReturn(state, tally, below === null ? null : loss)
  if (loss !== null) {
    return below === null
      ? { tier: state.tier, move: null, validationsSinceMove, fastReturn }
      : moved(state.tier, below, loss, fastReturn)
  }
  const returns = fastReturn && state.tier !== 'challenger' && tally.checksJudged > 0
  if (returns && meetsRates('challenger', tally)) {
    return moved(state.tier, 'challenger', 'fast_return', false)
  }
  const above = tierAbove(state.tier)
  if (above !== null && isPromoted(above, input, validationsSinceMove)) {
    return moved(state.tier, above, 'promoted', fastReturn)
  }
  return { tier: state.tier, move: null, validationsSinceMove, fastReturn }
}

/** A cheat falls all the way to Bronze; in Bronze there is nothing to lose. */
function bronzeBelow(tier: Tier): Tier | null {
  return tier === 'bronze' ? null : 'bronze'
}

function moved(from: Tier, to: Tier, reason: MoveReason, fastReturn: boolean): MoveOutcome {
  return { tier: to, move: { from, to, reason }, validationsSinceMove: 0, fastReturn }
}

/** Why the interval costs a tier; null if it does not. */
function lossReason({ state, tally, profile }: MoveInput): MoveReason | null {
  if (tally.cheats > 0) return 'cheat'
  if (!losesTier(state.tier, tally, profile.tiersRule)) return null
  return tally.failureReasons.every((reason) => DOWNTIME.has(reason)) ? 'downtime' : 'rate_missed'
}

/**
 * The right to a fast return begins when a Challenger falls because of downtime, survives further falls
 * because of downtime, and is lost by any other fall, by a cheat, and by a refused opening.
 */
function keepsFastReturn(
  state: MoveInput['state'],
  tally: Tally,
  fall: MoveReason | null,
): boolean {
  if (tally.cheats > 0 || tally.failureReasons.includes('opening_refused')) return false
  if (fall === null) return state.fastReturn
  return fall === 'downtime' && (state.fastReturn || state.tier === 'challenger')
}

function isPromoted(
  above: Tier,
  { tally, totalAfter, profile }: MoveInput,
  since: number,
): boolean {
  return (
    tally.checksJudged > 0 &&
    since >= PROMOTION_VALIDATIONS &&
    totalAfter >= profile.tierMinimums[above] &&
    meetsRates(above, tally)
  )
}
