import { ChainError } from '../errors.js'
import { refusalOf } from './refusal.js'

const LONGEST_SAID = 1000

/** A node's JSON-RPC error. */
export class RpcError extends Error {
  readonly code: number
  readonly data: unknown

  constructor(code: number, message: string, data?: unknown) {
    super(message)
    this.code = code
    this.data = data
  }

  /** The node's message in one line that fits into a log: nodes add whole stacks. */
  get said(): string {
    const { message, data } = this
    const more = typeof data === 'string' ? data : JSON.stringify(data ?? '')
    const text = data === undefined || data === null ? message : `${message}: ${more}`
    return text.slice(0, LONGEST_SAID).replaceAll(/\s+/g, ' ').trim()
  }
}

/** Defined by JSON-RPC. */
const METHOD_NOT_FOUND = -32601

/** Classifies a refused read; nodes have codes for few of these, but messages for all. */
export function readError(error: RpcError, method: string, endpoint: string): ChainError {
  const { said } = error
  const refusal = refusalOf(error, method, endpoint)
  if (refusal !== null) return refusal
  const options = { cause: error, details: { method, endpoint } }
  if (error.code === METHOD_NOT_FOUND) {
    const message = `${endpoint} has no ${method}: ${said}`
    return new ChainError('bad_chain_answer', message, {
      ...options,
      hint: 'Check --subtensor.chain_endpoint: a Subtensor node answers this.',
    })
  }
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
  return new ChainError('bad_chain_answer', `${endpoint} answered ${method} with: ${said}`, options)
}

/** Whether another endpoint, or another connection, may succeed. */
export function isFault(error: unknown): error is ChainError {
  return (
    error instanceof ChainError &&
    (error.code === 'chain_unreachable' || error.code === 'chain_timeout')
  )
}
