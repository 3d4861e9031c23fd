import type { CommandModule } from 'yargs'
import { isNamed, resolveOptions } from '../../base/options/options.js'
import { withOptions } from '../options.js'
import { integer } from '../parse-number.js'
import { UsageError } from '../usage-error.js'

const NETWORK_OPTIONS = ['subtensor.network', 'subtensor.chain_endpoint'] as const
const MAX_N = 2_147_483_647
const MAX_RECOMPUTED = 10_000
const MAX_NETUID = 65_535
const API = 'http://127.0.0.1:8080'
const EVERY_SECONDS = 30
const MAX_EVERY_SECONDS = 86_400

export const auditCommand: CommandModule = {
  command: 'audit [records..]',
  describe: 'compute intervals again from their public records, and compare with the chain',
  builder: (argv) =>
    withOptions(argv, [...NETWORK_OPTIONS, 'model.dir', 'health.host', 'health.port'])
      .option('subtensor.network', { defaultDescription: 'the record’s, by its genesis' })
      .positional('records', {
        type: 'string',
        array: true,
        describe: 'numbers of intervals, files, addresses of records, or an API for its newest',
      })
      .option('api', {
        type: 'string',
        requiresArg: true,
        describe: 'the verifier’s API, for numbers; FRACTAL_API_KEY where it asks for a key',
        defaultDescription: API,
      })
      .option('from', text('with --to: all intervals from this one; with --follow: begin with it'))
      .option('to', text('with --from: to this one'))
      .option('verifier', text('hotkey whose records they have to be'))
      .option('netuid', text('subnet whose records they have to be'))
      .option('chain', {
        type: 'boolean',
        default: true,
        describe: 'compare with the chain; --no-chain does not',
      })
      .option('chain-only', {
        type: 'boolean',
        default: false,
        describe: 'only compare the weights with the chain’s',
      })
      .option('all-signatures', {
        type: 'boolean',
        default: false,
        describe: 'check the signature of every answer, not of 500 that are drawn',
      })
      .option('recompute', text('generate so many of the challenges again on this machine'))
      .option('device', text('with --recompute: cpu or cuda [FRACTAL_DEVICE]'))
      .option('compare', {
        type: 'string',
        array: true,
        nargs: 2,
        describe: 'two records, or two APIs: who was judged differently by two verifiers',
      })
      .option('follow', {
        type: 'boolean',
        default: false,
        describe: 'audit each interval as it is shown, until something does not follow',
      })
      .option('keep-going', {
        type: 'boolean',
        default: false,
        describe: 'with --follow: go on after it; the exit status tells when it is stopped',
      })
      .option('every', {
        ...text('with --follow: seconds between two looks'),
        defaultDescription: String(EVERY_SECONDS),
      })
      .option(
        'results',
        text('with --follow: file to write what was found to, for --api.audit_results'),
      )
      .option('by', text('with --follow: who you are, for those who are shown it'))
      .option('json', { type: 'boolean', describe: 'print JSON' })
      .example('$0 audit 12 --api https://HOST', '')
      .example('$0 audit https://HOST', 'its newest')
      .example('$0 audit --from 1 --to 40 --api https://HOST', '')
      .example('$0 audit --follow --api https://HOST --health.port 9100', ''),
  handler: async (given) => {
    const json = given.json === true
    const pair = strings(given.compare)
    if (pair.length > 0) {
      const [a, b] = pair
      if (pair.length !== 2) throw new UsageError('--compare takes two records.')
      const { compareRecords } = await import('../audit/compare.js')
      return finish(await compareRecords({ a: a!, b: b!, api: apiOf(given.api), json }))
    }
    if (given.follow === true) return finish(await follow(given))
    const targets = strings(given.records)
    const range = rangeOf(given)
    if (range === null && targets.length === 0) {
      throw new UsageError('Name a record: the number of an interval, an address or a file.')
    }
    if (range !== null && targets.length > 0) {
      throw new UsageError('Name records, or give --from and --to: not both.')
    }
    const { runAudit } = await import('../audit/run-audit.js')
    return finish(
      await runAudit({
        ...common(given),
        targets,
        range,
        chainOnly: given['chain-only'] === true,
        json,
      }),
    )
  },
}

type Given = Readonly<Record<string, unknown>>

/** What every way of auditing is told. */
function common(given: Given) {
  const { 'subtensor.network': network, 'subtensor.chain_endpoint': endpoint } = resolveOptions(
    NETWORK_OPTIONS,
    given,
    process.env,
  )
  const isChainNamed = NETWORK_OPTIONS.some((name) => isNamed(name, given, process.env))
  const named = isChainNamed ? { network, endpoint } : ('by_genesis' as const)
  return {
    api: apiOf(given.api),
    network: given.chain === false ? null : named,
    allSignatures: given['all-signatures'] === true,
    verifier: typeof given.verifier === 'string' ? given.verifier : null,
    netuid: integer('netuid', given.netuid, 0, MAX_NETUID) ?? null,
    recompute: integer('recompute', given.recompute, 0, MAX_RECOMPUTED) ?? 0,
    modelDir: given['model.dir'],
    device: given.device,
  }
}

/** @returns whether all followed until it was stopped */
async function follow(given: Given): Promise<boolean> {
  const unfit = ['to', 'chain-only', 'json'].find(
    (name) => given[name] === true || typeof given[name] === 'string',
  )
  if (unfit !== undefined || strings(given.records).length > 0) {
    throw new UsageError(
      `--follow audits what comes: leave ${unfit ? `--${unfit}` : 'the records'} out.`,
    )
  }
  const { 'health.host': host, 'health.port': port } = resolveOptions(
    ['health.host', 'health.port'],
    given,
    process.env,
  )
  const request = common(given)
  const { runFollow } = await import('../audit/follow/run-follow.js')
  const { generatedAgain } = await import('../audit/run-audit.js')
  return runFollow({
    ...request,
    from: integer('from', given.from, 1, MAX_N) ?? null,
    keepGoing: given['keep-going'] === true,
    everyMs: 1000 * (integer('every', given.every, 1, MAX_EVERY_SECONDS) ?? EVERY_SECONDS),
    by: typeof given.by === 'string' ? given.by : 'somebody who gave no name',
    resultsFile: typeof given.results === 'string' ? given.results : null,
    listen: port === 0 ? null : { host, port },
    also: async (signed) => {
      const { findings, notes } = await generatedAgain(signed, request)
      return { findings: findings.map(({ where, what }) => `${where} ${what}`), notes }
    },
  })
}

function text(describe: string) {
  return { type: 'string', requiresArg: true, describe } as const
}

/** A difference is no error of the command: it is what it was asked for. */
function finish(isSound: boolean): void {
  if (!isSound) process.exitCode = 1
}

function strings(given: unknown): string[] {
  return Array.isArray(given) ? given.map(String) : []
}

function rangeOf(given: Given): { from: number; to: number } | null {
  const from = integer('from', given.from, 1, MAX_N)
  const to = integer('to', given.to, 1, MAX_N)
  if (from === undefined && to === undefined) return null
  if (from === undefined || to === undefined || from > to) {
    throw new UsageError('--from and --to belong together: the first interval and the last.')
  }
  return { from, to }
}

function apiOf(given: unknown): string {
  if (given === undefined) return API
  const isHttp = typeof given === 'string' && URL.canParse(given) && /^https?:/.test(given)
  if (!isHttp) throw new UsageError('--api takes one address: https://HOST[:PORT].')
  return given
}
