import type { Tier } from '../tiers.js'
import { breakerState, type Failures } from './breaker.js'
import { isOnProbation } from './cheat-probation.js'
import type { RouteCandidate } from './route.js'

/** What is known of a prover that users' requests may go to. */
export interface RouteFacts extends Failures {
  hotkey: string
  tier: Tier
  capacity: number
  /** The range of blocks in which it was last sent a user's request; null when it never was. */
  blockRange: number | null
  /** Users' requests of that range. */
  used: number
  inFlight: number
  latencyUsPerWork: number | null
  /** Its determinism class is one that the verifier can compute. */
  certified: boolean
  /** Checks passed since its last cheat; null while none was found. */
  passedSinceCheat: number | null
}

/** What was counted in a range of blocks is nothing in another. */
export function usedIn(
  { blockRange, used }: Pick<RouteFacts, 'blockRange' | 'used'>,
  now: number,
): number {
  return blockRange === now ? used : 0
}

/**
 * A prover as the router sees it.
 * @param now the present range of blocks
 */
export function candidateOf(facts: RouteFacts, now: number): RouteCandidate {
  return {
    hotkey: facts.hotkey,
    tier: facts.tier,
    queueLength: facts.inFlight,
    capacity: facts.capacity,
    latencyUsPerWork: facts.latencyUsPerWork,
    usedThisInterval: usedIn(facts, now),
    breaker: breakerState(facts),
    lastResort: !facts.certified || isOnProbation(facts.passedSinceCheat),
    inFlight: facts.inFlight,
  }
}
