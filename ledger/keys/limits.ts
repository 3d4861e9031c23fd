import type { KeyLimits } from './api-keys.js'

/** The usage of a limited key at one moment. */
export interface KeyUse extends KeyLimits {
  readonly nowUs: number
  /** When the bucket of `requestsPerMinute` will be full again; in the past: it is full. */
  readonly bucketFullAtUs: number
  /** Videos queued or in progress. */
  readonly running: number
  /** Cost used in this UTC day. */
  readonly costUsed: number
}

export type LimitName = 'rate' | 'concurrency' | 'quota'

export type Admission =
  | { readonly admitted: true; readonly use: KeyUse }
  | {
      readonly admitted: false
      readonly use: KeyUse
      readonly limit: LimitName
      /**
       * Until the same request would be accepted; null if only the end of a video helps, or nothing does.
       */
      readonly waitUs: number | null
    }

const MINUTE_US = 60_000_000
const DAY_US = 86_400_000_000

/** Time between two requests of an evenly used bucket. */
function intervalUs({ requestsPerMinute }: KeyUse): number {
  return Math.ceil(MINUTE_US / requestsPerMinute)
}

/** How much of the bucket is used, as the time it takes to refill. */
function backlogUs(use: KeyUse): number {
  // A clock that was set back must not block a key for longer than an empty bucket does.
  const most = use.requestsPerMinute * intervalUs(use)
  return Math.min(most, Math.max(0, use.bucketFullAtUs - use.nowUs))
}

/** Microseconds until the bucket has room for a request; 0: it has. */
export function untilRequestUs(use: KeyUse): number {
  const bucket = use.requestsPerMinute * intervalUs(use)
  return Math.max(0, backlogUs(use) + intervalUs(use) - bucket)
}

/** Requests left in the bucket. */
export function requestsLeft(use: KeyUse): number {
  return Math.floor((use.requestsPerMinute * intervalUs(use) - backlogUs(use)) / intervalUs(use))
}

/** Microseconds until the bucket is full. */
export function untilFullUs(use: KeyUse): number {
  return backlogUs(use)
}

export function untilMidnightUs({ nowUs }: KeyUse): number {
  return DAY_US - (nowUs % DAY_US)
}

/**
 * Whether a key may have one more video of this cost, and its usage afterwards. A refusal costs nothing. If
 * several limits are exceeded, the one that lasts longest is named, so that its wait is correct.
 */
export function admit(use: KeyUse, cost: number): Admission {
  const refusals: { limit: LimitName; waitUs: number | null; lastsUs: number }[] = []
  if (use.concurrentVideos > 0 && use.running >= use.concurrentVideos) {
    refusals.push({ limit: 'concurrency', waitUs: null, lastsUs: 0 })
  }
  if (use.requestsPerMinute > 0 && untilRequestUs(use) > 0) {
    const waitUs = untilRequestUs(use)
    refusals.push({ limit: 'rate', waitUs, lastsUs: waitUs })
  }
  if (use.dailyCost > 0 && use.costUsed + cost > use.dailyCost) {
    const waitUs = untilMidnightUs(use)
    refusals.push(
      cost > use.dailyCost
        ? { limit: 'quota', waitUs: null, lastsUs: Number.POSITIVE_INFINITY }
        : { limit: 'quota', waitUs, lastsUs: waitUs },
    )
  }
  const [longest] = refusals.sort((a, b) => b.lastsUs - a.lastsUs)
  if (longest !== undefined) {
    const { limit, waitUs } = longest
    return { admitted: false, use, limit, waitUs }
  }
  return {
    admitted: true,
    use: {
      ...use,
      bucketFullAtUs:
        use.requestsPerMinute > 0
          ? use.nowUs + backlogUs(use) + intervalUs(use)
          : use.bucketFullAtUs,
      running: use.running + 1,
      costUsed: use.costUsed + cost,
    },
  }
}
