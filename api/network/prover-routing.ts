import type { RoutingOverviewRow } from '../../ledger/provers/routing.js'
import { CHECKS_AFTER_CHEAT, TIER_REQUEST_LIMIT } from '../../rules/constants.js'
import { type BreakerState, breakerState, openForMs } from '../../rules/routing/breaker.js'
import { isOnProbation } from '../../rules/routing/cheat-probation.js'
import type { Tier } from '../../rules/tiers.js'
import type { ProverDetail } from './prover-schema.js'
import { isoOrNull } from './schema.js'

export interface RoutingInput {
  readonly tier: Tier
  /** Null when the newest interval does not have it. */
  readonly facts: RoutingOverviewRow | null
  /** As far as intervals are shown. Null: none was found. */
  readonly sinceCheat: { readonly cheatN: number; readonly passed: number } | null
  readonly requestsWhenSettled: number
  readonly certifiedClasses: ReadonlySet<string>
  /** Milliseconds since 1970. */
  readonly now: number
}

/**
 * Why users' requests reach a prover or not, by the router's own rules. What a challenge moves is not in it.
 */
export function routingObjects(input: RoutingInput): Pick<ProverDetail, 'breaker' | 'routing'> {
  const { facts, tier } = input
  const failures = facts ?? { failuresInARow: 0, failedMsAgo: null }
  const state = breakerState(failures)
  const reason = lastResortReason(input)
  return {
    breaker: {
      state,
      failures_in_a_row: failures.failuresInARow,
      open_until: isoOrNull(state === 'open' ? new Date(input.now + openForMs(failures)) : null),
    },
    routing: {
      latency_us_per_work: facts?.latencyUsPerWork ?? null,
      used_last_settled_interval: input.requestsWhenSettled,
      requests_per_interval_limit: TIER_REQUEST_LIMIT[tier],
      last_resort: reason !== null,
      last_resort_reason: reason,
      text: routingText(facts, state, reason),
    },
  }
}

function lastResortReason({ facts, sinceCheat, certifiedClasses }: RoutingInput): string | null {
  if (sinceCheat !== null && isOnProbation(sinceCheat.passed)) {
    return `a cheat of it was found in interval ${sinceCheat.cheatN}, and ${sinceCheat.passed} of ${CHECKS_AFTER_CHEAT} checks passed since`
  }
  const determinismClass = facts?.determinismClass ?? null
  return determinismClass !== null && !certifiedClasses.has(determinismClass)
    ? 'its determinism class is none that the verifier computes'
    : null
}

function routingText(
  facts: RoutingOverviewRow | null,
  state: BreakerState,
  lastResort: string | null,
): string {
  if (facts === null) return 'It is not in the newest interval: no request goes there.'
  if (!facts.reachable) return 'It cannot be reached: no request goes there.'
  switch (state) {
    case 'open':
      return 'It failed recently and gets no requests for a while.'
    case 'half_open':
      return 'It failed recently and gets one request as a probe.'
    case 'closed':
      return lastResort === null
        ? 'It gets users’ requests.'
        : `It gets users’ requests only while no other prover is free: ${lastResort}.`
  }
}
