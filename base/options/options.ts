import type { z } from 'zod'
import { FractalError } from '../errors.js'
import type { Option } from './define-option.js'
import { API } from './definitions/api.js'
import { CHAIN, WALLET } from './definitions/chain.js'
import { DATABASE, RETENTION, ROLES } from './definitions/database.js'
import { DEVNET, LOCALNET } from './definitions/development.js'
import { ENGINE } from './definitions/engine.js'
import { PROCESS } from './definitions/process.js'
import { AXON, PROVER } from './definitions/prover.js'
import { CODEC, TEMPORAL } from './definitions/temporal.js'
import { VERIFIER } from './definitions/verifier.js'
import { HEALTH, INFERENCE, WORKERS } from './definitions/workers.js'
import { readSecretFile } from './secret-file.js'

/**
 * Every option of every role, in the order of docs/options.md; named as in the original where it had them.
 */
export const OPTIONS = {
  ...CHAIN,
  ...WALLET,
  ...AXON,
  ...PROCESS,
  ...ENGINE,
  ...PROVER,
  ...VERIFIER,
  ...LOCALNET,
  ...DEVNET,
  ...WORKERS,
  ...HEALTH,
  ...INFERENCE,
  ...DATABASE,
  ...ROLES,
  ...RETENTION,
  ...TEMPORAL,
  ...CODEC,
  ...API,
}

export type OptionName = keyof typeof OPTIONS
type ValueOf<N extends OptionName> = z.output<(typeof OPTIONS)[N]['schema']>
type MissingOf<N extends OptionName> = Extract<(typeof OPTIONS)[N]['fallback'], undefined>
/** Values by option; undefined is possible if there is no default. */
export type Options<N extends OptionName> = {
  readonly [K in N]: ValueOf<K> | MissingOf<K>
}

/** `neuron.sample_size` → `FRACTAL_NEURON_SAMPLE_SIZE`. */
export function environmentName(name: string): string {
  return `FRACTAL_${name.replaceAll('.', '_').toUpperCase()}`
}

type Environment = Readonly<Record<string, string | undefined>>

/** A variable's value; an empty one counts as not set. */
export function environmentValue(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name]
}

/** Names that other programs use, accepted too. */
const KNOWN_VARIABLES: Readonly<Record<string, string>> = {
  'database.url': 'DATABASE_URL',
  'temporal.address': 'TEMPORAL_ADDRESS',
}

/** The variables that an option is read from; the first one that is set wins. */
export function variablesOf(name: string): string[] {
  const known = KNOWN_VARIABLES[name]
  return known === undefined ? [environmentName(name)] : [environmentName(name), known]
}

/** The option that names the file with a secret, on the command line and in the environment. */
export const fileOption = {
  given: (name: string) => `${name}_file`,
  variable: (variable: string) => `${variable}_FILE`,
}

/** Where an option's raw value comes from; null: only its default. */
interface Source {
  /** As users know it: `--netuid`, `FRACTAL_NETUID`. */
  readonly from: string
  readonly raw: unknown
  /** Whether `raw` is the path of a file with the value. */
  readonly isFile: boolean
}

/**
 * The command line, then the variables; the first one given wins.
 * @throws FractalError `bad_option` if a secret and its file are both given in the same place
 */
function sourceOf(
  name: OptionName,
  given: Readonly<Record<string, unknown>>,
  env: Environment,
): Source | null {
  const { secret = false } = OPTIONS[name] as Option<unknown>
  const places: [Source, Source][] = [
    [
      { from: `--${name}`, raw: given[name], isFile: false },
      { from: `--${fileOption.given(name)}`, raw: given[fileOption.given(name)], isFile: true },
    ],
    ...variablesOf(name).map((variable): [Source, Source] => {
      const file = fileOption.variable(variable)
      return [
        { from: variable, raw: environmentValue(env, variable), isFile: false },
        { from: file, raw: environmentValue(env, file), isFile: true },
      ]
    }),
  ]
  for (const [plain, file] of places) {
    const hasFile = secret && file.raw !== undefined
    if (plain.raw !== undefined && hasFile) {
      throw new FractalError('bad_option', `${plain.from} and ${file.from} are both given`, {
        hint: 'Give one of them.',
      })
    }
    if (plain.raw !== undefined) return plain
    if (hasFile) return file
  }
  return null
}

/** Whether this option is given on the command line or in the environment. */
export function isNamed(
  name: OptionName,
  given: Readonly<Record<string, unknown>>,
  env: Environment,
): boolean {
  return sourceOf(name, given, env) !== null
}

/**
 * The values of the named options: from the command line, else the environment, else the default. A secret
 * may be in a file, named by `--x_file` or `FRACTAL_X_FILE`.
 * @throws FractalError `bad_option`, naming the option and where its value came from
 */
export function resolveOptions<N extends OptionName>(
  names: readonly N[],
  given: Readonly<Record<string, unknown>>,
  env: Environment,
): Options<N> {
  const values: Record<string, unknown> = {}
  for (const name of names) {
    const spec = OPTIONS[name] as Option<unknown>
    const source = sourceOf(name, given, env)
    values[name] = source === null ? spec.fallback : parseOption(spec, source)
  }
  if ('database.url' in values) refuseTwoDatabases(given, env)
  return values as Options<N>
}

function parseOption(spec: Option<unknown>, { from, raw, isFile }: Source): unknown {
  if (Array.isArray(raw)) {
    throw new FractalError('bad_option', `${from} was given ${raw.length} times`, {
      hint: `${spec.describe}: give it once.`,
    })
  }
  const parsed = spec.schema.safeParse(isFile ? readSecretFile(String(raw), from) : raw)
  if (parsed.success) return parsed.data
  const shown = spec.secret ? 'the value given' : JSON.stringify(raw)
  throw new FractalError('bad_option', `${from}: ${shown} can't be used`, {
    hint: `${spec.describe}: ${parsed.error.issues.map((issue) => issue.message).join('; ')}`,
  })
}

/**
 * Refuses part of an address on the command line together with a URL in the environment: the URL would
 * silently win, or the rest of the address would be a guess.
 */
function refuseTwoDatabases(given: Readonly<Record<string, unknown>>, env: Environment): void {
  const isGiven = (name: string) => given[name] !== undefined
  if (isGiven('database.url') || isGiven('database.url_file')) return
  const url = variablesOf('database.url')
    .flatMap((name) => [name, fileOption.variable(name)])
    .find((name) => environmentValue(env, name) !== undefined)
  const part = ADDRESS_PARTS.find(isGiven)
  if (url === undefined || part === undefined) return
  throw new FractalError('bad_option', `--${part}: ${url} already names a whole database address`, {
    hint: `Give --database.url, or unset ${url}.`,
  })
}

const ADDRESS_PARTS = ['host', 'port', 'index', 'user', 'password', 'password_file'].map(
  (part) => `database.${part}`,
)
