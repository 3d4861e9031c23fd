import {
  EXPLORE_PPM,
  ONE_PPM,
  ROUTING_NEAR_DENOMINATOR,
  ROUTING_NEAR_NUMERATOR,
} from '../constants.js'
import { compareText } from '../order.js'
import { type Tier, tierRank } from '../tiers.js'
import type { BreakerState } from './breaker.js'

export interface RouteCandidate {
  hotkey: string
  tier: Tier
  /** Requests waiting or running there, as the prover said last. */
  queueLength: number
  /** Requests in flight that it declared it takes. */
  capacity: number
  /** floor(µs · 10^6 / work) as the gateway measured it lately; null without a fresh measurement. */
  latencyUsPerWork: number | null
  /** Users' requests it got from this verifier in this interval's range of blocks. */
  usedThisInterval: number
  breaker: BreakerState
  /**
   * No traffic while another is free: its determinism class is not the verifier's, or too few checks
   * passed since its last cheat. (A cheat that skips work is the fastest prover of all.)
   */
  lastResort: boolean
  /** Our requests there now. */
  inFlight: number
}

export interface RouteInput {
  candidates: readonly RouteCandidate[]
  /** steps · frames · width · height of the request */
  work: number
  /** Hotkeys that were tried for it already. */
  exclude: readonly string[]
  tierLimits: Readonly<Record<Tier, number>>
}

export interface Route {
  hotkey: string
  /** Chosen to learn about it, not because it is the best. */
  explored: boolean
}

/**
 * Picks a prover: the highest tier among those whose expected completion is within 1.25 of the
 * soonest, the better of two random ones; 5 % explore Bronze and provers without measurements.
 * @param random integers in [0, 10^6)
 * @returns null when no prover can take the request now
 */
export function route(input: RouteInput, random: () => number): Route | null {
  const able = ableOf(input)
  if (able.length === 0) return null
  const unknown = able.filter((c) => c.tier === 'bronze' || c.latencyUsPerWork === null)
  if (unknown.length > 0 && random() < EXPLORE_PPM) {
    return { hotkey: pick(unknown, random).hotkey, explored: true }
  }
  const measured = able.flatMap((candidate) => {
    const { latencyUsPerWork } = candidate
    if (latencyUsPerWork === null) return []
    return [{ candidate, wait: expected(candidate, latencyUsPerWork, input.work) }]
  })
  if (measured.length === 0) return { hotkey: pick(able, random).hotkey, explored: true }
  let soonest = measured[0]!.wait
  for (const { wait } of measured) if (wait < soonest) soonest = wait
  const near = measured.filter(
    ({ wait }) =>
      wait * BigInt(ROUTING_NEAR_DENOMINATOR) <= soonest * BigInt(ROUTING_NEAR_NUMERATOR),
  )
  const best = Math.min(...near.map(({ candidate }) => tierRank(candidate.tier)))
  const pool = near.filter(({ candidate }) => tierRank(candidate.tier) === best)
  const first = pick(pool, random)
  const others = pool.filter((one) => one !== first)
  const second = others.length === 0 ? first : pick(others, random)
  const chosen = second.wait < first.wait ? second : first
  return { hotkey: chosen.candidate.hotkey, explored: false }
}

/** Those that may take it: within their tier's limit and capacity, breaker willing; a last resort only where nobody else is. */
function ableOf({ candidates, exclude, tierLimits }: RouteInput): RouteCandidate[] {
  const able = candidates
    .filter(
      (c) =>
        !exclude.includes(c.hotkey) &&
        c.usedThisInterval < tierLimits[c.tier] &&
        c.inFlight < c.capacity &&
        (c.breaker === 'closed' || (c.breaker === 'half_open' && c.inFlight === 0)),
    )
    .sort((a, b) => compareText(a.hotkey, b.hotkey))
  const matching = able.filter((c) => !c.lastResort)
  return matching.length > 0 ? matching : able
}

/** Expected completion in 10^-6 µs: its queue and this request at the measured speed. */
function expected(candidate: RouteCandidate, latencyUsPerWork: number, work: number): bigint {
  const ahead = Math.max(candidate.queueLength, candidate.inFlight)
  return BigInt(latencyUsPerWork) * BigInt(work) * BigInt(ahead + 1)
}

function pick<T>(items: readonly T[], random: () => number): T {
  return items[Math.floor((random() * items.length) / ONE_PPM)]!
}
