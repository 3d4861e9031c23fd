import { environmentName, type OptionName } from '../../../base/options/options.js'
import type { DevnetStores } from './stores.js'

export interface DevnetFacts {
  readonly url: string
  readonly netuid: number
  readonly walletPath: string
  /** Where the roles keep what they keep. */
  readonly stateDir: string
  readonly stores: DevnetStores | null
  readonly envFile: string
  readonly verifier: string
  readonly provers: readonly string[]
}

/** The runtime refuses 127.0.0.1 for an axon and takes this one, which is the same machine. */
const AXON_HOST = '127.0.0.2'
const FIRST_AXON_PORT = 8101
/** Some 20 s at a block a second: the first weights come within two minutes. */
const INTERVAL_BLOCKS = 20

/** What every role on this chain needs, as a file for a shell to read. */
export function environmentOf(facts: DevnetFacts): string {
  const options: Partial<Record<OptionName, string | number | boolean>> = {
    netuid: facts.netuid,
    'subtensor.network': 'devnet',
    'subtensor.chain_endpoint': facts.url,
    'wallet.path': facts.walletPath,
    'state.dir': facts.stateDir,
    'chain.allow_private_addresses': true,
    'axon.host': AXON_HOST,
    profile: 'demo',
    device: 'cpu',
    'neuron.compute_stats_interval': INTERVAL_BLOCKS,
    ...(facts.stores === null
      ? {}
      : {
          'database.url': facts.stores.databaseUrl,
          'temporal.address': facts.stores.temporalAddress,
        }),
  }
  return Object.entries(options)
    .map(([name, value]) => `export ${environmentName(name)}=${quoted(String(value))}\n`)
    .join('')
}

/** What to type, line by line. */
export function commandsOf(facts: DevnetFacts): string[] {
  const provers = facts.provers.map((name, i) => {
    return `npx fractal prover --wallet.name ${name} --neuron.name ${name} --axon.port ${FIRST_AXON_PORT + i}`
  })
  return [
    '',
    'In every other terminal, in this folder, first:',
    '',
    `  . ${quoted(facts.envFile)}`,
    '',
    ...(facts.stores === null
      ? [
          'PostgreSQL and Temporal are yours to start (or start this with --devnet.stores). As the chain is new, they',
          'must be too: an empty database and Temporal namespace.',
          '',
          '  export DATABASE_URL=postgres://USER:PASSWORD@HOST:PORT/NAME TEMPORAL_ADDRESS=127.0.0.1:7233',
          '',
        ]
      : []),
    'then each of these in one of its own:',
    '',
    '  npx fractal gpu-worker',
    ...provers.map((line) => `  ${line}`),
    `  npx fractal inference-worker --wallet.name ${facts.verifier}`,
    `  npx fractal verifier --wallet.name ${facts.verifier}`,
    '',
    'and, after a minute or two, to see the first weights:',
    '',
    '  npx fractal interval list',
    '  npx fractal interval show 1',
    '',
    'Ctrl-C ends it.',
  ]
}

/** For a shell. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}
