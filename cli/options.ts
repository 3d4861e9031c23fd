import type { Argv } from 'yargs'
import type { Option } from '../base/options/define-option.js'
import { environmentName, fileOption, OPTIONS, type OptionName } from '../base/options/options.js'

/** Aliases, from the original Python subnet. */
const ALIASES: Partial<Record<OptionName, string>> = { 'neuron.axon_off': 'axon_off' }

/**
 * Adds options of the table. Their defaults are only shown here: what was not given must stay
 * absent, because the environment comes before the default.
 */
export function withOptions(argv: Argv, names: readonly OptionName[]): Argv {
  for (const name of names) {
    const { fallback, describe, secret } = OPTIONS[name] as Option<unknown>
    const isFlag = typeof fallback === 'boolean'
    const alias = ALIASES[name]
    argv.option(name, {
      describe: `${describe} [${environmentName(name)}]`,
      ...(isFlag ? { type: 'boolean' } : { type: 'string', requiresArg: true }),
      ...(alias === undefined ? {} : { alias }),
      ...(fallback === undefined || secret ? {} : { defaultDescription: String(fallback) }),
    })
    if (secret) {
      argv.option(fileOption.given(name), {
        describe: `file to read it from [${fileOption.variable(environmentName(name))}]`,
        type: 'string',
        requiresArg: true,
      })
    }
  }
  return argv
}
