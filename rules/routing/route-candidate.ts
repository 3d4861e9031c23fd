import type { Tier } from '../tiers.js'
import { breakerState, type Failures } from './breaker.js'
import type { RouteCandidate } from './route.js'

/** What is known of a prover that users' requests may go to. */
export interface RouteFacts extends Failures {
  hotkey: string
  tier: Tier
  capacity: number
  usedThisInterval: number
  inFlight: number
  latencyUsPerWork: number | null
  /** A cheat of it stands since the last settlement. */
  caught: boolean
  /** Its determinism class is none that the verifier can compute. */
  otherClass: boolean
}

/** A prover as the router sees it. */
export function candidateOf(facts: RouteFacts): RouteCandidate {
  return {
    hotkey: facts.hotkey,
    tier: facts.tier,
    queueLength: facts.inFlight,
    capacity: facts.capacity,
    latencyUsPerWork: facts.latencyUsPerWork,
    usedThisInterval: facts.usedThisInterval,
    breaker: breakerState(facts),
    lastResort: facts.otherClass || facts.caught,
    inFlight: facts.inFlight,
  }
}
