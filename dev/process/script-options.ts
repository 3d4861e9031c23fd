import { type ParseArgsConfig, parseArgs } from 'node:util'
import { messageOf } from '../../base/errors.js'

/** The options that a script of npm's was given; one that it does not know ends it with exit code 2 and a line. */
export function scriptOptions<const O extends NonNullable<ParseArgsConfig['options']>>(
  script: string,
  options: O,
) {
  try {
    return parseArgs({ options }).values
  } catch (error) {
    process.stderr.write(`${script}: ${messageOf(error)}\n  See --help.\n`)
    process.exit(2)
  }
}
