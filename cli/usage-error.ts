import { FractalError } from '../base/errors.js'

/** The command line can't be understood; the exit code is 2. */
export class UsageError extends FractalError {
  constructor(message: string, hint = 'See --help.') {
    super('usage', message, { hint })
  }
}
