/** What an error carries in addition to its message. */
export interface FractalErrorOptions {
  /** What the reader can do about it; one sentence, shown under the message. */
  hint?: string
  /** Typed facts for logs and API answers. Never a prompt, key or token. */
  details?: Record<string, unknown>
  /** Whether a retry can help. Default false. */
  retryable?: boolean
  cause?: unknown
}

/**
 * The root of every expected error: a stable code for programs, and a message for people that says what
 * happened and why. Expected errors are printed as one line and a hint, never with a stack. It is in the
 * lowest folder so that pure code can throw it too; other folders import it from base/errors.ts.
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
