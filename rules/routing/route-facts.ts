import type { Tier } from '../tiers.js'

/** One of our requests to a prover, with no outcome yet. */
export interface OpenRequest {
  readonly askedMs: number
  /** Its deadline: after that it no longer counts as in flight, whatever became of it. */
  readonly untilMs: number
}

/**
 * What is known about a prover that users' requests may go to. All times are milliseconds by the ledger's
 * clock.
 */
export interface RouteFacts {
  readonly hotkey: string
  readonly tier: Tier
  /** GPUs that it declares. */
  readonly gpus: number
  /** Its proven capacity, in millionths of a GPU; null if not measured yet: then its declared GPUs count. */
  readonly provenPpm: number | null
  /** The range of blocks in which it was last sent a user's request; null when it never was. */
  readonly blockRange: number | null
  /** Users' requests in that range. */
  readonly used: number
  /** Requests of every kind. */
  readonly openRequests: readonly OpenRequest[]
  /** floor(µs · 10^6 / work) of its last answers; null without any. */
  readonly usPerWork: number | null
  /** When the last of them arrived. */
  readonly measuredMs: number | null
  /** The certified time of its determinism class; null if the verifier does not compute that class. */
  readonly certifiedUsPerWork: number | null
  /** Consecutive failures since its last success. */
  readonly failuresInARow: number
  /** Time of the last failure. */
  readonly failedMs: number | null
  /** Checks passed since its last cheat; null if it was never caught. */
  readonly passedSinceCheat: number | null
  /** End of its cool-down after it refused a request. */
  readonly refusedUntilMs: number | null
  /** End of its pause after one of its requests ended. */
  readonly pausedUntilMs: number | null
}

/** The moment at which a prover is chosen. */
export interface RouteMoment {
  /** Milliseconds of the ledger's clock. */
  readonly ms: number
  /** The range of blocks that requests count in now. */
  readonly range: number
}

/** A count of one range of blocks is 0 in another. */
export function usedIn(
  { blockRange, used }: Pick<RouteFacts, 'blockRange' | 'used'>,
  now: number,
): number {
  return blockRange === now ? used : 0
}
