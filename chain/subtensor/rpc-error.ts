import { ChainError } from '../errors.js'

/** What a node answered in place of a result, as JSON-RPC has it. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }

  /** All that the node said, in one line. */
  get said(): string {
    if (this.data === undefined || this.data === null) return this.message
    return `${this.message}: ${typeof this.data === 'string' ? this.data : JSON.stringify(this.data)}`
  }
}

/** A refused read by its name; nodes have codes for none of these, only words. */
export function readError(error: RpcError, method: string, endpoint: string): ChainError {
  const { said } = error
  const options = { cause: error, details: { method, endpoint } }
  if (/discarded/i.test(said)) {
    return new ChainError(
      'StateDiscarded',
      `${endpoint} no longer has this block: ${said}`,
      options,
    )
  }
  if (/unknown ?block|not found|no block/i.test(said)) {
    return new ChainError('UnknownBlock', `${endpoint} does not know this block: ${said}`, options)
  }
  if (/too many|rate limit|limit exceeded|overloaded/i.test(said)) {
    const message = `${endpoint} refuses ${method} for now: ${said}`
    return new ChainError('chain_unreachable', message, { ...options, retryable: true })
  }
  return new ChainError('bad_chain_answer', `${endpoint} answered ${method} with: ${said}`, options)
}
