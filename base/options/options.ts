import { z } from 'zod'
import { FractalError } from '../errors.js'
import { LOG_LEVELS } from '../log.js'
import { parsePayloadKeys } from './payload-keys.js'
import { isDatabaseHost, isPostgresUrl } from './postgres-url.js'
import { readSecretFile } from './secret-file.js'

/** One option: what it accepts, its default (undefined: none), and what `--help` says of it. */
export interface Option<T> {
  readonly schema: z.ZodType<T>
  readonly fallback: T | undefined
  readonly describe: string
  /** Never printed, not even in an error; can be read from a file (`fileOption`). */
  readonly secret?: boolean
}

/** Not blank: the environment of compose files and shells is full of variables that were set to nothing. */
const text = z.string().refine((value) => value.trim() !== '', 'must not be blank')
/**
 * A number as people write it. Not `z.coerce.number()`: that takes blank text for 0, and [7] for 7.
 */
function number(schema: z.ZodNumber): z.ZodType<number> {
  const digits = (value: unknown) =>
    typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : value
  return z.preprocess(digits, schema) as unknown as z.ZodType<number>
}
const whole = (low: number, high: number) => number(z.int().min(low).max(high))
const port = whole(0, 65_535)
/** `z.coerce.boolean()` takes "false" for true; the environment only has text. */
const flag = z.preprocess((value) => {
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  return value
}, z.boolean('must be true or false')) as unknown as z.ZodType<boolean>
const databaseHost = z
  .string()
  .refine(isDatabaseHost, 'must be a host’s name or address; a socket’s folder goes into a URL')
/** `http://HOST:PORT`, several separated by commas. */
const httpUrls = z
  .string()
  .refine(
    (value) => value.split(',').every((each) => /^http:\/\/[^/?#@]+\/?$/.test(each.trim())),
    'must be http://HOST:PORT; several are separated by commas',
  )
/** What a page may link to. */
const httpUrl = z.url({ protocol: /^https?$/, error: 'must be http://HOST:PORT' })
/** Long enough that nobody guesses it. */
const sharedSecret = z.string().min(16, 'must have at least 16 characters')
const postgresUrl = z
  .string()
  .refine(isPostgresUrl, 'must be a URL: postgres://USER:PASSWORD@HOST:PORT/NAME')

/** Of ASCII: what clients make of other letters (SASLprep) differs. */
const rolePassword = z
  .string()
  .regex(/^[!-~]{16,}$/, 'must have at least 16 characters, of printable ASCII without spaces')

const payloadKeys = z
  .string()
  .refine(
    (value) => parsePayloadKeys(value) !== null,
    'must be 32 bytes in hex or base64; several keys stand one a line, each once',
  )

/** As many as parts per million have. */
function hasSixDecimals(value: number): boolean {
  return Number(value.toFixed(6)) === value
}

function option<T>(
  schema: z.ZodType<T>,
  fallback: T | undefined,
  describe: string,
  secret = false,
): Option<T> {
  return { schema, fallback, describe, secret }
}

/** Every option of every role; names are the original's where it had one (architecture section 9). */
export const OPTIONS = {
  // The network and its keys
  netuid: option(whole(0, 65_535), 1, 'the subnet'),
  'subtensor.network': option(
    text,
    'local',
    'local, or a Bittensor network: finney, test, archive',
  ),
  'subtensor.chain_endpoint': option(
    text,
    undefined,
    'wss://HOST:PORT of the network, several by commas in the order to try, instead of its own; of the local chain http://HOST:PORT (default: http://127.0.0.1:9955)',
  ),
  'wallet.path': option(text, '~/.bittensor/wallets', 'folder of the wallets'),
  'wallet.name': option(text, 'default', 'name of the wallet (its coldkey)'),
  'wallet.hotkey': option(text, 'default', 'name of the hotkey in the wallet'),
  'axon.host': option(text, '127.0.0.1', 'address to listen on'),
  'axon.port': option(port, 8091, 'port to listen on'),
  'axon.external_ip': option(text, undefined, 'address put on the chain (default: axon.host)'),
  'axon.external_port': option(port, undefined, 'port put on the chain (default: axon.port)'),
  'logging.level': option(z.enum(LOG_LEVELS), 'info', LOG_LEVELS.join(', ')),
  'state.dir': option(text, '.fractal', 'folder of what this process keeps'),

  // Generating
  'neuron.name': option(text, 'prover', 'name of this node in its logs and its folder of states'),
  'neuron.model_endpoint': option(
    text,
    undefined,
    'a model server that speaks the engine protocol, states and digests included',
  ),
  'model.dir': option(text, undefined, 'folder of the model (default: the one that is shipped)'),
  device: option(z.enum(['cuda', 'cpu']), 'cuda', 'cuda (an RTX 3090), or cpu for development'),

  // The prover
  'blacklist.force_verifier_permit': option(flag, false, 'answer only callers with a permit'),
  'blacklist.allow_non_registered': option(
    flag,
    false,
    'answer callers unknown to the chain: dangerous',
  ),
  'prover.capacity': option(
    whole(1, 1024),
    2,
    'requests held at the same time (running and waiting); more get 429',
  ),

  // The verifier
  'neuron.sample_size': option(whole(1, 256), 3, 'provers asked in each round'),
  'neuron.disable_set_weights': option(flag, false, 'judge, but set no weights'),
  'neuron.moving_average_alpha': option(
    number(z.number().min(0).max(1).refine(hasSixDecimals, 'must have at most 6 decimals')),
    0.05,
    'share of the newest interval in a score',
  ),
  'neuron.axon_off': option(
    flag,
    false,
    'put no address on the chain (a prover’s; a verifier serves nothing there yet)',
  ),
  'neuron.vpermit_tao_limit': option(
    // Whole: it stands in the record, which is canonical JSON of integers.
    whole(0, Number.MAX_SAFE_INTEGER),
    4096,
    'a neuron with a permit and more stake weight (whole TAO) than this is not asked as a prover',
  ),
  'neuron.compute_stats_interval': option(whole(1, 7200), 360, 'blocks of an interval'),
  'tiers.rule': option(z.enum(['literal', 'evidence']), 'literal', 'how a missed rate relegates'),
  'chain.allow_private_addresses': option(
    flag,
    false,
    'ask provers at private addresses: development',
  ),
  profile: option(
    z.enum(['production', 'demo', 'test']),
    'production',
    'the mechanism’s numbers; demo and test are refused on a real network',
  ),

  // The local chain
  'localnet.port': option(port, 9955, 'port of the local chain on 127.0.0.1'),
  'localnet.block_ms': option(whole(1, 600_000), 12_000, 'milliseconds between two blocks'),
  'localnet.allow_loopback': option(flag, false, 'take axons at 127.0.0.1, as Bittensor does not'),

  // Subtensor's runtime on this machine
  'devnet.port': option(port, 9944, 'port of the chain on 127.0.0.1 (ws); 0 is any'),
  'devnet.block_ms': option(whole(100, 600_000), 1000, 'milliseconds between two blocks'),
  'devnet.provers': option(whole(0, 250), 2, 'how many prover hotkeys are registered'),
  'devnet.wallets': option(
    text,
    undefined,
    'folder of its wallets, made when missing (default: devnet/wallets in the state folder)',
  ),
  'devnet.tempo': option(whole(1, 7200), 20, 'blocks of an epoch of its subnet'),
  'devnet.weights_rate_limit': option(
    whole(0, 7200),
    5,
    'blocks between two weights of one neuron',
  ),
  'devnet.commit_reveal': option(flag, false, 'weights by commit and reveal only'),
  'devnet.stores': option(
    flag,
    false,
    'start PostgreSQL and Temporal for it too, empty, on the five ports after its own',
  ),

  // The workers
  'gpu.recertify': option(flag, false, 'certify the class again, also one that lost its exactness'),
  'gpu.count': option(whole(1, 1024), 1, 'GPUs behind the queue, for the budget of checks'),
  'ledger.patience': option(
    whole(1, 86_400),
    undefined,
    'seconds that an interval bridges an outage of PostgreSQL (default: max(half an interval, 90))',
  ),
  'gpu.class': option(z.enum(['3090']), '3090', 'the GPU that this worker must find'),

  // Health of the verifier and the workers; a prover and an API tell theirs on their own ports
  'health.host': option(text, '127.0.0.1', 'address of /healthz, /readyz and /metrics'),
  'health.port': option(port, 0, 'port of /healthz, /readyz and /metrics (0: none)'),
  'health.block_seconds': option(
    whole(1, 86_400),
    120,
    'seconds without a new block after which /readyz is red',
  ),

  // Running users' requests on an open connection
  'inference.host': option(text, '127.0.0.1', 'address on which the inference worker listens'),
  'inference.port': option(
    port,
    0,
    'port for streamed requests that the API passes on directly (0: none; then all go through Temporal)',
  ),
  'inference.secret': option(
    sharedSecret,
    undefined,
    'what the API and the inference workers know each other by',
    true,
  ),
  'inference.url': option(
    httpUrls,
    undefined,
    'where inference workers listen: http://HOST:PORT, several separated by commas',
  ),

  // Stores
  'database.url': option(
    postgresUrl,
    undefined,
    'URL of PostgreSQL: postgres://USER:PASSWORD@HOST:PORT/NAME; wins over the other database options',
    true,
  ),
  'database.host': option(databaseHost, '127.0.0.1', 'host of PostgreSQL'),
  'database.port': option(port, 5432, 'port of PostgreSQL'),
  'database.index': option(whole(0, 2 ** 31 - 1), 0, 'suffix of the database’s name'),
  'database.user': option(text, 'fractal', 'user of PostgreSQL'),
  'database.password': option(text, undefined, 'password of PostgreSQL', true),
  'database.tls': option(
    z.enum(['off', 'require', 'verify']),
    'off',
    'TLS to PostgreSQL: off; require (encrypted, server not verified); verify (encrypted and verified)',
  ),
  'database.tls_ca': option(
    text,
    undefined,
    'file (PEM) of the authority of PostgreSQL’s certificate (default: those that Node knows)',
  ),
  'database.tls_cert': option(text, undefined, 'file (PEM) of our certificate for PostgreSQL'),
  'database.tls_key': option(text, undefined, 'file (PEM) of that certificate’s key'),
  'roles.prefix': option(
    z.string().regex(/^[a-z_][a-z0-9_]{0,50}$/, 'must be of a-z, 0-9 and _'),
    'fractal',
    'PostgreSQL’s login roles are PREFIX_api, PREFIX_worker and PREFIX_gpu',
  ),
  'roles.api_password': option(rolePassword, undefined, 'password of PREFIX_api', true),
  'roles.worker_password': option(
    rolePassword,
    undefined,
    'password of PREFIX_worker (verifier, inference-worker)',
    true,
  ),
  'roles.gpu_password': option(rolePassword, undefined, 'password of PREFIX_gpu', true),
  'retention.videos_days': option(
    whole(0, 36_500),
    30,
    'days after its end that a video’s frames and prompts are kept (its MP4: 24 hours); 0: for ever',
  ),
  'retention.records_days': option(
    number(z.int().refine((days) => days === 0 || (days >= 30 && days <= 36_500))),
    0,
    'days that records, verdicts and evidence are kept, 30 at least; 0: for ever',
  ),
  'temporal.address': option(text, '127.0.0.1:7233', 'host:port of Temporal'),
  'temporal.namespace': option(text, 'default', 'one for each subnet and hotkey'),
  'temporal.tls': option(flag, false, 'TLS to Temporal; its certificate is verified'),
  'temporal.tls_ca': option(
    text,
    undefined,
    'file (PEM) of the authority of Temporal’s certificate (default: the system’s)',
  ),
  'temporal.tls_cert': option(text, undefined, 'file (PEM) of our certificate for Temporal'),
  'temporal.tls_key': option(text, undefined, 'file (PEM) of that certificate’s key'),
  'temporal.tls_server_name': option(
    text,
    undefined,
    'name in Temporal’s certificate, where that is not the address’s',
  ),
  'temporal.api_key': option(text, undefined, 'API key of Temporal Cloud', true),
  'temporal.payload_key': option(
    payloadKeys,
    undefined,
    'encrypts what Temporal stores: 32 bytes, the same for all processes; the first of several encrypts',
    true,
  ),
  'temporal.ui_address': option(
    httpUrl,
    undefined,
    'Temporal’s web UI, http://HOST:PORT: the network’s pages link to it',
  ),

  // The API
  'api.host': option(text, '127.0.0.1', 'address to listen on'),
  'api.port': option(port, 8080, 'port to listen on'),
  'api.drain_seconds': option(
    whole(0, 3600),
    60,
    'how long streams that run may take to end when the API is stopped',
  ),
  'api.allow_private_webhooks': option(
    flag,
    false,
    'call webhooks by http and at private addresses: development (the API and the inference worker)',
  ),
  'api.public_network': option(flag, true, 'show the network’s state to callers without a key'),
  'api.verifier': option(
    text,
    undefined,
    'hotkey (ss58) to serve for, when the ledger has several',
  ),
} as const

export type OptionName = keyof typeof OPTIONS
type ValueOf<N extends OptionName> = z.output<(typeof OPTIONS)[N]['schema']>
type HasFallback<N extends OptionName> = N extends OptionalName
  ? ValueOf<N> | undefined
  : ValueOf<N>
/** The options without a default. */
type OptionalName =
  | 'subtensor.chain_endpoint'
  | 'axon.external_ip'
  | 'axon.external_port'
  | 'neuron.model_endpoint'
  | 'model.dir'
  | 'devnet.wallets'
  | 'ledger.patience'
  | 'inference.secret'
  | 'inference.url'
  | 'database.url'
  | 'database.password'
  | 'database.tls_ca'
  | 'database.tls_cert'
  | 'database.tls_key'
  | 'roles.api_password'
  | 'roles.worker_password'
  | 'roles.gpu_password'
  | 'temporal.tls_ca'
  | 'temporal.tls_cert'
  | 'temporal.tls_key'
  | 'temporal.tls_server_name'
  | 'temporal.api_key'
  | 'temporal.payload_key'
  | 'api.verifier'
  | 'temporal.ui_address'
export type Options<N extends OptionName> = { readonly [K in N]: HasFallback<K> }

/** `neuron.sample_size` → `FRACTAL_NEURON_SAMPLE_SIZE`. */
export function environmentName(name: string): string {
  return `FRACTAL_${name.replaceAll('.', '_').toUpperCase()}`
}

type Environment = Readonly<Record<string, string | undefined>>

/** A variable's value; one that is set to nothing counts as not set. */
export function environmentValue(env: Environment, name: string): string | undefined {
  return env[name] === '' ? undefined : env[name]
}

/** Names that other programs know, honoured too. */
const KNOWN_VARIABLES: Readonly<Record<string, string>> = {
  'database.url': 'DATABASE_URL',
  'temporal.address': 'TEMPORAL_ADDRESS',
}

/** The variables that an option is read from, the first that is set winning. */
export function variablesOf(name: string): string[] {
  const known = KNOWN_VARIABLES[name]
  return known === undefined ? [environmentName(name)] : [environmentName(name), known]
}

/** The option that names the file in which a secret stands, on the command line and in the environment. */
export const fileOption = {
  given: (name: string) => `${name}_file`,
  variable: (variable: string) => `${variable}_FILE`,
}

/** Where an option's value comes from, before it is looked at; null: it has none but its default. */
interface Source {
  /** As its user calls it: `--netuid`, `FRACTAL_NETUID`. */
  readonly from: string
  readonly raw: unknown
  /** Whether `raw` is the path of a file in which the value stands. */
  readonly isFile: boolean
}

/**
 * The command line, then the variables, the first that says something winning.
 * @throws FractalError `bad_option` where a secret and its file are given in the same place
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

/** Whether the command line or the environment says something of this option. */
export function isNamed(
  name: OptionName,
  given: Readonly<Record<string, unknown>>,
  env: Environment,
): boolean {
  return sourceOf(name, given, env) !== null
}

/**
 * The values of the named options: the command line's, else the environment's, else the default. A
 * secret may stand in a file, which `--x_file` or `FRACTAL_X_FILE` names.
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
 * A part of an address on the command line beside a whole one in the environment: the whole one
 * would win unseen, and the rest of the part's address would be a guess.
 */
function refuseTwoDatabases(given: Readonly<Record<string, unknown>>, env: Environment): void {
  const isGiven = (name: string) => given[name] !== undefined
  if (isGiven('database.url') || isGiven('database.url_file')) return
  const url = variablesOf('database.url')
    .flatMap((name) => [name, fileOption.variable(name)])
    .find((name) => environmentValue(env, name) !== undefined)
  const part = ADDRESS_PARTS.find(isGiven)
  if (url === undefined || part === undefined) return
  throw new FractalError('bad_option', `--${part}: ${url} names another database, whole`, {
    hint: `Give --database.url, or unset ${url}.`,
  })
}

const ADDRESS_PARTS = ['host', 'port', 'index', 'user', 'password', 'password_file'].map(
  (part) => `database.${part}`,
)
