import { isCompiled } from '../base/compiled.js'
import { FractalError } from '../base/errors.js'

/**
 * For commands that start what is neither compiled nor, in production, installed.
 * @throws FractalError `development_only`
 */
export function assertDevelopment(what: string): void {
  if (!isCompiled) return
  throw new FractalError(
    'development_only',
    `${what} is for development; this build leaves it out`,
    {
      hint: 'Run it from a clone: node dev/setup.mjs installs what it needs.',
    },
  )
}
