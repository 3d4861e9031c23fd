import type { RoutingFactsRow } from '../ledger/routing.js'
import { TIER_REQUEST_LIMIT } from '../rules/constants.js'
import { breakerOf, candidateOf, type RouteFacts } from '../rules/route-candidate.js'
import type { Tier } from '../rules/tiers.js'
import type { ProverDetail } from './network-prover-schema.js'
import { isoOrNull } from './network-schema.js'

export interface RoutingInput {
  readonly tier: Tier
  /** Null when the newest interval does not have it. */
  readonly facts: RoutingFactsRow | null
  /** Of the interval that was settled last; a cheat of the running one is not told yet. */
  readonly caughtWhenSettled: boolean
  readonly requestsWhenSettled: number
  readonly certifiedClasses: ReadonlySet<string>
  /** Milliseconds since 1970. */
  readonly now: number
}

/** What the router knows of a prover, by the router's own functions. */
export function routingObjects(input: RoutingInput): Pick<ProverDetail, 'breaker' | 'routing'> {
  const facts = routeFacts(input)
  const { openUntilMs } = breakerOf(facts)
  const candidate = candidateOf(facts, input.now)
  return {
    breaker: {
      state: candidate.breaker,
      failures_in_a_row: facts.failuresInARow,
      open_until: isoOrNull(openUntilMs === null ? null : new Date(openUntilMs)),
    },
    routing: {
      latency_us_per_work: candidate.latencyUsPerWork,
      in_flight: candidate.inFlight,
      used_last_settled_interval: input.requestsWhenSettled,
      requests_per_interval_limit: TIER_REQUEST_LIMIT[facts.tier],
      last_resort: candidate.lastResort,
      last_resort_reason: lastResortReason(facts),
      text: routingText(input, facts),
    },
  }
}

function routeFacts({
  tier,
  facts,
  caughtWhenSettled,
  certifiedClasses,
}: RoutingInput): RouteFacts {
  const determinismClass = facts?.determinismClass ?? null
  return {
    hotkey: facts?.hotkey ?? '',
    tier: facts?.tier ?? tier,
    capacity: facts?.capacity ?? 0,
    usedThisInterval: facts?.usedThisInterval ?? 0,
    inFlight: facts?.inFlight ?? 0,
    latencyUsPerWork: facts?.latencyUsPerWork ?? null,
    failuresInARow: facts?.failuresInARow ?? 0,
    lastFailureAt: facts?.lastFailureAt ?? null,
    caught: caughtWhenSettled,
    otherClass: determinismClass !== null && !certifiedClasses.has(determinismClass),
  }
}

function lastResortReason({ caught, otherClass }: RouteFacts): string | null {
  if (caught) return 'a cheat of it stands since the last settlement'
  return otherClass ? 'its determinism class is none that the verifier computes' : null
}

function routingText({ facts, now }: RoutingInput, known: RouteFacts): string {
  if (facts === null) return 'It is not in the newest interval: no request goes there.'
  if (!facts.reachable) return 'It cannot be reached: no request goes there.'
  const reason = lastResortReason(known)
  switch (candidateOf(known, now).breaker) {
    case 'open':
      return 'It failed lately and is left alone for a while.'
    case 'half_open':
      return 'It failed lately and gets one request as a probe.'
    case 'closed':
      return reason === null
        ? 'It gets users’ requests.'
        : `It gets users’ requests only while nobody else is free: ${reason}.`
  }
}
