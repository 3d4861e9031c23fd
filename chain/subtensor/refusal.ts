import { z } from 'zod'
import { ChainError } from '../errors.js'

/** HTTP's "too many requests" and "service unavailable", which some give as the code of a JSON-RPC error too. */
const REFUSED = [429, 503]
/** "limit exceeded", as Ethereum's providers began to write it. */
const LIMIT_EXCEEDED = -32005

/** Where providers write how long to wait, in seconds. */
const asked = z.looseObject({
  retry_after: z.number().optional(),
  retryAfter: z.number().optional(),
  backoff_seconds: z.number().optional(),
  rate: z.looseObject({ backoff_seconds: z.number().optional() }).optional(),
})

/** A JSON-RPC error: its words in one line, and its data as they came. */
interface SaidError {
  readonly code: number
  readonly said: string
  readonly data: unknown
}

/** An endpoint that will not serve us for now. */
export class RefusalError extends ChainError {
  /** What it asked for; null when it did not say. */
  readonly retryAfterMs: number | null

  constructor(message: string, retryAfterMs: number | null, cause?: unknown) {
    super('chain_unreachable', message, {
      retryable: true,
      hint: 'Wait, or give further endpoints in --subtensor.chain_endpoint, separated by commas.',
      ...(cause === undefined ? {} : { cause }),
    })
    this.retryAfterMs = retryAfterMs
  }
}

/** Whether an HTTP status means: not now. */
export function isRefusedStatus(status: number): boolean {
  return REFUSED.includes(status)
}

/** @param header of `Retry-After`: seconds, or a date */
export function retryAfterMs(header: string | undefined, now = Date.now()): number | null {
  if (header === undefined) return null
  if (/^\d+$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? null : Math.max(0, date - now)
}

/** The refusal in a JSON-RPC error; null when it says something else. */
export function refusalOf(error: SaidError, method: string, endpoint: string): RefusalError | null {
  const { code, said } = error
  const isRefused =
    REFUSED.includes(code) ||
    code === LIMIT_EXCEEDED ||
    /too many|rate.?limit|limit exceeded|overloaded|temporarily unavailable/i.test(said)
  if (!isRefused) return null
  const told = asked.safeParse(error.data).data
  const seconds =
    told?.retry_after ?? told?.retryAfter ?? told?.backoff_seconds ?? told?.rate?.backoff_seconds
  const afterMs = seconds === undefined || seconds < 0 ? null : seconds * 1000
  return new RefusalError(`${endpoint} refuses ${method} for now: ${said}`, afterMs, error)
}
