import os from 'node:os'
import { isDevelopmentNetwork } from '../../base/network-name.js'
import {
  CHAIN_OPTIONS,
  DATABASE_OPTIONS,
  TEMPORAL_OPTIONS,
  WALLET_OPTIONS,
} from '../../base/options/groups.js'
import type { OptionName, Options } from '../../base/options/options.js'
import { type WalletState, walletState } from '../../chain/wallet/state.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import type { PublishedBody } from '../../ledger/judging/published-classes.js'
import { modelEndpoints } from '../../workers/model-endpoints.js'
import { type AxonFacts, axonFacts } from './axon-facts.js'
import { type CudaState, cudaState } from './cuda-requirements.js'
import { type EngineFacts, ownEngine, serversEngine } from './engine-facts.js'
import {
  diskFreeBytes,
  type Gpu,
  isClockSynchronized,
  listGpus,
  memoryBytes,
} from './machine-facts.js'
import { probeClasses } from './probe-classes.js'
import {
  type ChainFacts,
  type Outcome,
  probeChain,
  probeDatabase,
  probeTemporal,
} from './probes.js'

export const DOCTOR_ROLES = ['prover', 'verifier', 'inference-worker', 'gpu-worker', 'api'] as const
/** `verifier`: its machine, on which its GPU worker runs too. */
export type DoctorRole = (typeof DOCTOR_ROLES)[number]
/** Who signs, and has a place on the chain. */
export const SIGNING_ROLES: readonly DoctorRole[] = ['prover', 'verifier', 'inference-worker']

/** What the roles are configured by, as far as a machine can fail them. */
export const DOCTOR_OPTIONS = [
  'model.dir',
  'neuron.model_endpoint',
  'device',
  'state.dir',
  'axon.host',
  'axon.port',
  'axon.external_ip',
  'axon.external_port',
  'chain.allow_private_addresses',
  ...CHAIN_OPTIONS,
  ...WALLET_OPTIONS,
  ...DATABASE_OPTIONS,
  ...TEMPORAL_OPTIONS,
] as const satisfies readonly OptionName[]

export type DoctorOptions = Options<(typeof DOCTOR_OPTIONS)[number]>

/** Everything that the requirements are judged by: plain data, so that a test can describe any machine. */
export interface RoleFacts extends EngineFacts {
  readonly node: string
  readonly cores: number
  readonly memoryBytes: number
  readonly diskFreeBytes: number
  readonly stateDir: string
  readonly device: 'cuda' | 'cpu'
  readonly gpus: readonly Gpu[]
  /** Null where no GPU is used. */
  readonly cuda: CudaState | null
  /** Model servers in place of this machine's GPUs: how many; null without any. */
  readonly servers: number | null
  readonly clockSynchronized: boolean | null
  readonly wallet: WalletState
  readonly netuid: number
  readonly network: string
  readonly chain: Outcome<ChainFacts>
  /** Of a prover. */
  readonly axon: AxonFacts | null
  /** What a verifier judges; null where none was named. */
  readonly published: Outcome<PublishedBody> | null
  /** Of all but a prover. */
  readonly database: Outcome<string> | null
  readonly temporal: Outcome<string> | null
}

export async function gatherFacts(
  roles: readonly DoctorRole[],
  options: DoctorOptions,
  env: Readonly<Record<string, string | undefined>>,
  api?: string,
): Promise<RoleFacts> {
  const endpoints = modelEndpoints(options['neuron.model_endpoint'])
  const wallet = await walletState({
    path: options['wallet.path'],
    name: options['wallet.name'],
    hotkey: options['wallet.hotkey'],
  })
  const isProver = roles.includes('prover')
  const signs = roles.some((role) => SIGNING_ROLES.includes(role))
  const hasStores = roles.some((role) => role !== 'prover')
  const [gpus, cuda, free, clock, engine, chain, axon, published, database, temporal] =
    await Promise.all([
      listGpus(),
      options.device === 'cuda' && endpoints === undefined ? cudaState() : null,
      diskFreeBytes(options['state.dir']),
      isClockSynchronized(),
      endpoints === undefined
        ? ownEngine(options['model.dir'] ?? defaultModelDir(), options.device)
        : serversEngine(endpoints),
      signs ? probeChain(options, wallet.hotkey.address) : { failed: 'not asked', hint: null },
      isProver ? axonFacts(axonWish(options), allowsPrivate(options), env) : null,
      api === undefined ? null : probeClasses(api),
      hasStores ? probeDatabase(options) : null,
      hasStores ? probeTemporal(options) : null,
    ])
  return {
    node: process.version,
    cores: os.availableParallelism(),
    memoryBytes: memoryBytes(),
    diskFreeBytes: free,
    stateDir: options['state.dir'],
    device: options.device,
    gpus,
    cuda,
    servers: endpoints?.length ?? null,
    clockSynchronized: clock,
    ...engine,
    wallet,
    netuid: options.netuid,
    network: options['subtensor.network'],
    chain,
    axon,
    published,
    database,
    temporal,
  }
}

function axonWish(options: DoctorOptions) {
  return {
    host: options['axon.host'],
    port: options['axon.port'],
    externalIp: options['axon.external_ip'],
    externalPort: options['axon.external_port'],
  }
}

function allowsPrivate(options: DoctorOptions): boolean {
  return (
    options['chain.allow_private_addresses'] || isDevelopmentNetwork(options['subtensor.network'])
  )
}
