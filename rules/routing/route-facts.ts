import type { Tier } from '../tiers.js'

/** A request of ours to a prover, whose outcome is not known yet. */
export interface OpenRequest {
  readonly askedMs: number
  /** Its deadline: whatever became of it, it is in flight no longer then. */
  readonly untilMs: number
}

/** What is known of a prover that users' requests may go to. All times are milliseconds of the ledger's clock. */
export interface RouteFacts {
  readonly hotkey: string
  readonly tier: Tier
  /** GPUs that it declares. */
  readonly gpus: number
  /** The capacity that it proved, in millionths of a GPU; null while nothing measured it: what it declares counts. */
  readonly provenPpm: number | null
  /** The range of blocks in which it was last sent a user's request; null when it never was. */
  readonly blockRange: number | null
  /** Users' requests of that range. */
  readonly used: number
  /** Of every kind. */
  readonly openRequests: readonly OpenRequest[]
  /** floor(µs · 10^6 / work) of its last answers; null without any. */
  readonly usPerWork: number | null
  /** When the last of them came. */
  readonly measuredMs: number | null
  /** The certified time of its determinism class; null where the verifier does not compute that class. */
  readonly certifiedUsPerWork: number | null
  /** Since its last success. */
  readonly failuresInARow: number
  /** When the last of them was. */
  readonly failedMs: number | null
  /** Checks passed since its last cheat; null while none was found. */
  readonly passedSinceCheat: number | null
  /** It refused a request, and is left alone until then. */
  readonly refusedUntilMs: number | null
  /** One of its requests ended, and it is left alone until then. */
  readonly pausedUntilMs: number | null
}

/** When a prover is chosen. */
export interface RouteMoment {
  /** Milliseconds of the ledger's clock. */
  readonly ms: number
  /** The range of blocks that requests count in. */
  readonly range: number
}

/** What was counted in a range of blocks is nothing in another. */
export function usedIn(
  { blockRange, used }: Pick<RouteFacts, 'blockRange' | 'used'>,
  now: number,
): number {
  return blockRange === now ? used : 0
}
