import { type Cell, textTable } from '../../base/text-table.js'

/** An option that is a whole number. */
export interface WholeOption {
  /** Where it is not given. */
  readonly full: number
  /** Where it is not given, with `--short`. */
  readonly short: number
  /** Default 1. */
  readonly least?: number
}

/** What a machine must have for a benchmark. */
export type Need = 'linux' | 'subtensor' | 'nvidia'

export interface Bench {
  /** Its file in bench/. */
  readonly file: string
  readonly measures: string
  /** Those that are whole numbers: what they are unless given, and with `--short`. */
  readonly options: Readonly<Record<string, WholeOption>>
  readonly needs: readonly Need[]
}

/** 0 leaves out peers that are installed from PyPI first, which takes minutes. */
const PEERS = { full: 1, short: 0, least: 0 }

/** Every benchmark, by the name that its user gives; `npm run bench -- all` runs them in this order. */
export const BENCHES = {
  wire: {
    file: 'wire',
    measures: 'a signed request to a prover and its checked answer, beside a bare exchange',
    options: { rounds: { full: 300, short: 30 }, peers: PEERS },
    needs: [],
  },
  api: {
    file: 'api',
    measures:
      'what the gateway adds to a prover, and creating jobs, beside LiteLLM and a bare proxy',
    options: {
      runs: { full: 200, short: 4 },
      concurrent: { full: 200, short: 1 },
      seconds: { full: 4, short: 1 },
      peers: PEERS,
    },
    needs: [],
  },
  watchers: {
    file: 'watchers',
    measures: 'watchers of jobs that an API holds, and what each takes',
    options: { watchers: { full: 10_000, short: 50 } },
    needs: [],
  },
  ledger: {
    file: 'ledger',
    measures: 'recording outcomes, beside a bare COPY',
    options: { outcomes: { full: 4096, short: 512 } },
    needs: [],
  },
  settle: {
    file: 'settle',
    measures: 'settling an interval of a full subnet, and of one four times as large',
    options: {
      provers: { full: 256, short: 8 },
      answers: { full: 172, short: 12, least: 6 },
      times: { full: 4, short: 2 },
      rounds: { full: 3, short: 1 },
      slowest: { full: 5, short: 0, least: 0 },
    },
    needs: [],
  },
  events: {
    file: 'events',
    measures: 'what an interval leaves in Temporal’s history',
    options: {},
    needs: [],
  },
  routing: {
    file: 'routing',
    measures: 'choosing a prover for a request, beside a bare query',
    options: {
      provers: { full: 256, short: 32 },
      requests: { full: 173, short: 5 },
      picks: { full: 500, short: 50 },
    },
    needs: [],
  },
  network: {
    file: 'network-pages',
    measures: 'the answers of /v1/network on a large ledger',
    options: {
      intervals: { full: 500, short: 20 },
      asked: { full: 40, short: 5 },
      slowest: { full: 0, short: 0, least: 0 },
    },
    needs: [],
  },
  audit: {
    file: 'audit',
    measures: 'auditing an interval, and the size of its record',
    options: { provers: { full: 256, short: 16 }, answers: { full: 44_032, short: 500 } },
    needs: [],
  },
  engine: {
    file: 'engine',
    measures: 'a video on the CPU, beside bare calls of its denoiser',
    options: { rounds: { full: 5, short: 1 } },
    needs: [],
  },
  spotcheck: {
    file: 'spotcheck',
    measures: 'a spot check, beside a whole generation',
    options: { rounds: { full: 5, short: 1 } },
    needs: [],
  },
  metagraph: {
    file: 'metagraph',
    measures: 'reading a full subnet, beside bare storage queries',
    options: { rounds: { full: 20, short: 3, least: 3 } },
    needs: ['subtensor'],
  },
  chain: {
    file: 'chain',
    measures: 'requests to the chain’s endpoint for each block',
    options: { blocks: { full: 60, short: 10 } },
    needs: ['subtensor'],
  },
  startup: {
    file: 'startup',
    measures: 'what each process costs until it is ready, beside itself as TypeScript',
    options: { rounds: { full: 3, short: 1 } },
    needs: ['linux'],
  },
  memory: {
    file: 'memory',
    measures: 'memory of every process over many intervals and videos',
    options: {
      intervals: { full: 200, short: 10, least: 10 },
      videos: { full: 800, short: 40, least: 40 },
    },
    needs: ['linux'],
  },
  gpu: {
    file: 'gpu',
    measures: 'a video on a GPU, beside torch and diffusers',
    options: {},
    needs: ['nvidia'],
  },
} as const satisfies Record<string, Bench>

export type BenchName = keyof typeof BENCHES

export function isBenchName(name: string): name is BenchName {
  return Object.hasOwn(BENCHES, name)
}

/**
 * @param args as given: a name, unless it is the API that is measured, and that bench's options
 * @returns null for a name that no bench has
 */
export function chooseBench(
  args: readonly string[],
): { name: BenchName | 'all'; options: string[] } | null {
  const [first] = args
  const isNamed = first !== undefined && !first.startsWith('-')
  const name = isNamed ? first : 'api'
  if (name !== 'all' && !isBenchName(name)) return null
  return { name, options: args.slice(isNamed ? 1 : 0) }
}

/** Whether it is this that is asked for, not a measurement. */
export function asksForHelp(args: readonly string[]): boolean {
  return args[0] === 'help' || args.some((arg) => arg === '--help' || arg === '-h')
}

/** Each bench, what it measures, and its options as they are unless given. */
export function helpText(): string {
  const rows = Object.entries(BENCHES).map(([name, { measures, options }]): Cell[] => {
    const known: Readonly<Record<string, WholeOption>> = options
    const each = Object.entries(known).map(([option, { full }]) => `--${option} ${full}`)
    return [name, measures, each.join(' ')]
  })
  const all = ['all', 'every one of these, one after the other', '--only NAME,NAME --json FILE']
  return [
    'npm run bench -- [NAME] [options]: without a name, api. Each also takes --short: small numbers, to see that it runs.',
    textTable(['name', 'what is measured', 'options'], [...rows, all], 'ruled'),
  ].join('\n\n')
}
