import { FractalError } from '../formats/fractal-error.js'

export { FractalError, type FractalErrorOptions } from '../formats/fractal-error.js'

/** The message of anything thrown; an AggregateError (Node's connection errors) has it in its parts. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ')
  }
  return error instanceof Error ? error.message : String(error)
}

/** How an error is shown on a terminal: a line and a hint if expected, otherwise the stack, and what caused it. */
export function describeError(error: unknown): string {
  if (error instanceof FractalError) {
    return error.hint === undefined ? error.message : `${error.message}\n  ${error.hint}`
  }
  if (!(error instanceof Error)) return String(error)
  const own = error.stack ?? error.message
  return error.cause === undefined ? own : `${own}\n  caused by: ${messageOf(error.cause)}`
}
