import {
  BACKOFF_429_MS,
  CAPACITY_PER_GPU,
  MEASUREMENT_FRESH_MS,
  ONE_PPM,
  PAUSE_MAX_MS,
  TIER_FACTOR_PPM,
} from '../constants.js'
import { roomOf } from '../plan/room.js'
import type { Tier } from '../tiers.js'
import { breakerState, openForMs } from './breaker.js'
import { isOnProbation } from './cheat-probation.js'
import { type RouteFacts, type RouteMoment, usedIn } from './route-facts.js'

/** What follows from a prover's facts, valid until `changesAtMs`. */
export interface RouteState {
  /** Our requests in flight there, of every kind. */
  readonly inFlight: number
  /**
   * Within its tier's limit, with room, and the breaker allows it: it may be asked, unless it is cooling
   * down.
   */
  readonly isAble: boolean
  /**
   * Gets no users' requests while another prover is free: its determinism class is not the verifier's, or it
   * has passed too few checks since its last cheat. (A cheat that skips work is the fastest prover of all.)
   */
  readonly isLastResort: boolean
  /** Expected completion, in 10^-6 µs per unit of work; null without a fresh measurement. */
  readonly completion: number | null
  /** Its weight among equally good provers: free proven capacity times tier factor, at least 1. */
  readonly weight: number
  /** Whether exploration may choose it: Bronze, or without a fresh measurement. */
  readonly isUnknown: boolean
  /**
   * It is cooling down until then, because it refused or because one of its requests ended; null: it is not.
   */
  readonly refusedUntilMs: number | null
  readonly pausedUntilMs: number | null
  /** When this must be computed again if no fact changes before; Infinity: never. */
  readonly changesAtMs: number
}

/**
 * A prover as the router sees it at a given moment. A time impossibly far in the future was written before
 * the clock was set back: it must not last as long as the jump.
 */
export function routeState(
  facts: RouteFacts,
  now: RouteMoment,
  tierLimits: Readonly<Record<Tier, number>>,
): RouteState {
  let inFlight = 0
  let changesAtMs = Number.POSITIVE_INFINITY
  for (const { askedMs, untilMs } of facts.openRequests) {
    if (askedMs <= now.ms && now.ms < untilMs) inFlight += 1
    changesAtMs = sooner(sooner(changesAtMs, untilMs, now.ms), askedMs, now.ms)
  }
  const failures = {
    failuresInARow: facts.failuresInARow,
    failedMsAgo: facts.failedMs === null ? null : now.ms - facts.failedMs,
  }
  const breaker = breakerState(failures)
  const isFresh =
    facts.usPerWork !== null &&
    facts.measuredMs !== null &&
    now.ms - facts.measuredMs < MEASUREMENT_FRESH_MS
  const refusedUntilMs = lasting(facts.refusedUntilMs, now.ms, BACKOFF_429_MS)
  const pausedUntilMs = lasting(facts.pausedUntilMs, now.ms, PAUSE_MAX_MS)
  changesAtMs = sooner(changesAtMs, now.ms + openForMs(failures), now.ms)
  if (isFresh) changesAtMs = sooner(changesAtMs, facts.measuredMs + MEASUREMENT_FRESH_MS, now.ms)
  changesAtMs = sooner(changesAtMs, refusedUntilMs ?? 0, now.ms)
  changesAtMs = sooner(changesAtMs, pausedUntilMs ?? 0, now.ms)
  return {
    inFlight,
    isAble:
      usedIn(facts, now.range) < tierLimits[facts.tier] &&
      roomOf({ gpus: facts.gpus, inFlight }) > 0 &&
      (breaker === 'closed' || (breaker === 'half_open' && inFlight === 0)),
    isLastResort: facts.certifiedUsPerWork === null || isOnProbation(facts.passedSinceCheat),
    completion: isFresh ? completion(facts.usPerWork, facts, inFlight) : null,
    weight: weightOf(facts, inFlight),
    isUnknown: facts.tier === 'bronze' || !isFresh,
    refusedUntilMs,
    pausedUntilMs,
    changesAtMs,
  }
}

/** The sooner of two times; a time that is not in the future is ignored. */
function sooner(before: number, ms: number, nowMs: number): number {
  return ms > nowMs && ms < before ? ms : before
}

function lasting(untilMs: number | null, nowMs: number, longestMs: number): number | null {
  return untilMs !== null && untilMs > nowMs && untilMs <= nowMs + longestMs ? untilMs : null
}

/**
 * Its own speed, for this request and for those ahead of it on its GPU. No prover counts as faster than its
 * class's certified time: skipping work must not win traffic.
 */
function completion(
  usPerWork: number,
  { certifiedUsPerWork, gpus }: RouteFacts,
  inFlight: number,
): number {
  return Math.max(usPerWork, certifiedUsPerWork ?? 0) * (Math.floor(inFlight / gpus) + 1)
}

/** In millionths of a request in flight. */
function weightOf({ provenPpm, gpus, tier }: RouteFacts, inFlight: number): number {
  const proven = provenPpm ?? gpus * ONE_PPM
  const free = Math.max(0, CAPACITY_PER_GPU * proven - inFlight * ONE_PPM)
  return Math.max(1, Math.floor((free * TIER_FACTOR_PPM[tier]) / ONE_PPM))
}
