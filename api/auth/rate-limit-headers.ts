import type { Response } from 'express'
import {
  type Admission,
  type KeyUse,
  requestsLeft,
  untilFullUs,
  untilMidnightUs,
  untilRequestUs,
} from '../../ledger/keys/limits.js'
import { howMany } from '../../rules/explain/format-text.js'
import { ApiError } from '../http/errors.js'

const SECOND_US = 1_000_000
const DAY_SECONDS = 86_400

/** What the headers of `setLimits` say, for the document. */
export const LIMIT_HEADERS = {
  'RateLimit-Policy':
    'the limits of this key (draft-ietf-httpapi-ratelimit-headers): `rate`: requests per minute; `videos`: running concurrently; `cost`: steps × frames × width × height per UTC day. Absent when the key has no limits',
  RateLimit: 'what remains of each limit (`r`), and the seconds until it is replenished (`t`)',
}

/** Puts a key's remaining limits into the answer's headers; nothing for a key without limits. */
export function setLimits(res: Response, use: KeyUse | null): void {
  if (use === null) return
  const policy: string[] = []
  const left: string[] = []
  if (use.requestsPerMinute > 0) {
    const r = requestsLeft(use)
    policy.push(`"rate";q=${use.requestsPerMinute};w=60`)
    left.push(`"rate";r=${r};t=${seconds(r === 0 ? untilRequestUs(use) : untilFullUs(use))}`)
  }
  if (use.concurrentVideos > 0) {
    policy.push(`"videos";q=${use.concurrentVideos};qu="concurrent-requests"`)
    left.push(`"videos";r=${Math.max(0, use.concurrentVideos - use.running)}`)
  }
  if (use.dailyCost > 0) {
    policy.push(`"cost";q=${use.dailyCost};w=${DAY_SECONDS};qu="fractal-cost"`)
    const r = Math.max(0, use.dailyCost - use.costUsed)
    left.push(`"cost";r=${r};t=${seconds(untilMidnightUs(use))}`)
  }
  res.set({ 'RateLimit-Policy': policy.join(', '), RateLimit: left.join(', ') })
}

/** @throws ApiError what a refused admission is answered with */
export function assertAdmitted(res: Response, admission: Admission | null, cost: number): void {
  setLimits(res, admission?.use ?? null)
  if (admission !== null && !admission.admitted) throw refusal(admission, cost)
}

function refusal({ limit, waitUs, use }: Admission & { admitted: false }, cost: number): ApiError {
  const retry = waitUs === null ? {} : { retryAfterSeconds: seconds(waitUs) }
  switch (limit) {
    case 'rate':
      return new ApiError(
        'rate_limited',
        `This key may ask for ${howMany(use.requestsPerMinute, 'video')} a minute.`,
        { ...retry, hint: 'Retry after the number of seconds in the Retry-After header.' },
      )
    case 'concurrency':
      return new ApiError(
        'too_many_videos',
        `This key may have ${howMany(use.concurrentVideos, 'video')} queued or in progress at the same time.`,
        { hint: 'Wait until one has ended, or cancel one.' },
      )
    case 'quota':
      // Too much for any day: asking again later does not help.
      return waitUs === null
        ? new ApiError(
            'limit_exceeded',
            `This video costs ${cost} (steps × frames × width × height), more than this key may use in a day: ${use.dailyCost}.`,
            { hint: 'Ask for fewer steps or frames, or for a smaller size.' },
          )
        : new ApiError(
            'quota_exceeded',
            `This video costs ${cost} (steps × frames × width × height); of today’s ${use.dailyCost} this key has ${use.dailyCost - use.costUsed} left.`,
            { ...retry, hint: 'The quota resets at midnight UTC.' },
          )
  }
}

/** Rounded up, so that a caller that waits this long is not too early. */
function seconds(us: number): number {
  return Math.ceil(us / SECOND_US)
}
