import type { Tier } from '../tiers.js'
import { type Breaker, breakerState, CLOSED_BREAKER, nextBreaker } from './breaker.js'
import type { RouteCandidate } from './route.js'

/** What is known of a prover that users' requests may go to. */
export interface RouteFacts {
  hotkey: string
  tier: Tier
  capacity: number
  usedThisInterval: number
  inFlight: number
  latencyUsPerWork: number | null
  failuresInARow: number
  lastFailureAt: Date | null
  /** A cheat of it stands since the last settlement. */
  caught: boolean
  /** Its determinism class is none that the verifier can compute. */
  otherClass: boolean
}

/** The circuit breaker that so many failures in a row have left; times in milliseconds since 1970. */
export function breakerOf({
  failuresInARow,
  lastFailureAt,
}: Pick<RouteFacts, 'failuresInARow' | 'lastFailureAt'>): Breaker {
  return lastFailureAt === null || failuresInARow === 0
    ? CLOSED_BREAKER
    : nextBreaker(
        { failures: failuresInARow - 1, openUntilMs: null },
        'failure',
        lastFailureAt.getTime(),
      )
}

/** A prover as the router sees it. @param now milliseconds since 1970 */
export function candidateOf(facts: RouteFacts, now: number): RouteCandidate {
  return {
    hotkey: facts.hotkey,
    tier: facts.tier,
    queueLength: facts.inFlight,
    capacity: facts.capacity,
    latencyUsPerWork: facts.latencyUsPerWork,
    usedThisInterval: facts.usedThisInterval,
    breaker: breakerState(breakerOf(facts), now),
    lastResort: facts.otherClass || facts.caught,
    inFlight: facts.inFlight,
  }
}
