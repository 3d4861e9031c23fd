import { z } from 'zod'
import { messageOf } from '../../base/errors.js'
import type { Hex } from '../../formats/bytes.js'
import { ChainError } from '../errors.js'

/** More than the 10 s that `waitInclusion` may wait. */
const DEADLINE_MS = 15_000

const digest = z.string().regex(/^[0-9a-f]{64}$/)
export const blockRef = z.object({ number: z.int(), hash: digest })
const envelope = z.object({
  genesis: digest,
  head: blockRef,
  result: z.unknown().optional(),
  error: z.object({ code: z.string(), message: z.string(), retryable: z.boolean() }).optional(),
})

/**
 * Calls to one local chain. Stateless except for what was seen last, so it survives restarts of the server.
 */
export class LocalRpc {
  readonly url: string
  readonly #deadlineMs: number
  #genesis: Hex | null = null
  #head = -1
  #newBlockAt = performance.now()

  constructor(url: string, deadlineMs = DEADLINE_MS) {
    this.url = url
    this.#deadlineMs = deadlineMs
  }

  /** Time since an answer last showed a new head. */
  lastBlockAgeMs(): number {
    return performance.now() - this.#newBlockAt
  }

  /**
   * @throws ChainError: the chain's own, chain_unreachable, chain_timeout, genesis_changed, bad_chain_answer
   */
  async call<T>(method: string, params: object, schema: z.ZodType<T>): Promise<T> {
    const { genesis, head, result, error } = this.#read(envelope, await this.#post(method, params))
    if (this.#genesis !== null && genesis !== this.#genesis) {
      const details = { expected: this.#genesis, found: genesis }
      const message = `the chain at ${this.url} is not the one it was before (genesis ${genesis})`
      throw new ChainError('genesis_changed', message, { details })
    }
    this.#genesis = genesis
    if (head.number !== this.#head) {
      this.#head = head.number
      this.#newBlockAt = performance.now()
    }
    if (error !== undefined) {
      throw new ChainError(error.code, error.message, { retryable: error.retryable })
    }
    return this.#read(schema, result)
  }

  async #post(method: string, params: object): Promise<unknown> {
    try {
      const response = await fetch(this.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ method, params }),
        redirect: 'error',
        signal: AbortSignal.timeout(this.#deadlineMs),
      })
      return await response.json()
    } catch (cause) {
      if (cause instanceof Error && cause.name === 'TimeoutError') {
        const message = `the chain at ${this.url} did not answer ${method} in ${this.#deadlineMs} ms`
        throw new ChainError('chain_timeout', message, { retryable: true, cause })
      }
      const why = messageOf(cause instanceof Error ? (cause.cause ?? cause) : cause)
      const message = `the chain at ${this.url} cannot be reached: ${why}`
      throw new ChainError('chain_unreachable', message, { retryable: true, cause })
    }
  }

  #read<T>(schema: z.ZodType<T>, value: unknown): T {
    const parsed = schema.safeParse(value)
    if (parsed.success) return parsed.data
    const message = `what answers at ${this.url} is not a local chain of this version`
    throw new ChainError('bad_chain_answer', message, { cause: parsed.error })
  }
}
