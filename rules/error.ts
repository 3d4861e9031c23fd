import { FractalError, type FractalErrorOptions } from '../formats/fractal-error.js'

/**
 * - `profile_refused`: a profile for laptops was requested on a real network
 * - `bad_input`: data that no interval can hold (an unknown prover, a negative count)
 */
export type RuleErrorCode = 'profile_refused' | 'bad_input'

/** The mechanism cannot be applied to what it was given; never retryable. */
export class RuleError extends FractalError {
  declare readonly code: RuleErrorCode

  constructor(code: RuleErrorCode, message: string, options: FractalErrorOptions = {}) {
    super(code, message, options)
  }
}
