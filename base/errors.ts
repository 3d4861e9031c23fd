/** What an error carries beside its message. */
export interface FractalErrorOptions {
  /** What the reader can do about it; one sentence, shown under the message. */
  hint?: string
  /** Typed facts for logs and API answers. Never a prompt, key or token. */
  details?: Record<string, unknown>
  /** Whether trying the same again can help. Default false. */
  retryable?: boolean
  cause?: unknown
}

/**
 * The base of every expected error: a stable code for programs, and a message for people that says
 * what happened and why. Expected errors are printed as one line and a hint, never with a stack.
 */
export class FractalError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly details: Record<string, unknown>
  readonly retryable: boolean

  constructor(code: string, message: string, options: FractalErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.hint = options.hint
    this.details = options.details ?? {}
    this.retryable = options.retryable ?? false
  }
}

/** The message of anything thrown; an AggregateError (Node's connection errors) has it in its parts. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}

/** How an error is shown on a terminal: a line and a hint when expected, the stack when not. */
export function describeError(error: unknown): string {
  if (error instanceof FractalError) {
    return error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
