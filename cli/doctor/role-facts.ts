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
import { neededByTurnsMib, neededMib } from '../../engine/cuda/gpu-memory.js'
import { openEngine } from '../../engine/engine.js'
import { readModel } from '../../engine/model/model.js'
import { defaultModelDir } from '../../engine/models/default-model.js'
import type { PublishedBody } from '../../ledger/judging/published-classes.js'
import { type AxonFacts, axonFacts } from './axon-facts.js'
import { type CudaState, cudaState } from './cuda-requirements.js'
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
  outcomeOf,
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
export interface RoleFacts {
  readonly node: string
  readonly cores: number
  readonly memoryBytes: number
  readonly diskFreeBytes: number
  readonly stateDir: string
  readonly device: 'cuda' | 'cpu'
  readonly gpus: readonly Gpu[]
  /** Null where no GPU is used. */
  readonly cuda: CudaState | null
  readonly clockSynchronized: boolean | null
  /** `described`: it has a fractal.json, by which challenges are drawn; `needsMib`: of a GPU's memory. */
  readonly model: Outcome<{
    readonly root: string
    readonly described: boolean
    readonly needsMib: number
    readonly byTurnsMib: number
  }>
  /** The determinism class; null when there is no model to open. */
  readonly engine: Outcome<string> | null
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
  const modelDir = options['model.dir'] ?? defaultModelDir()
  const model = await outcomeOf(async () => {
    const model = await readModel(modelDir)
    const described = model.config.descriptor !== null
    return {
      root: model.files.root,
      described,
      needsMib: neededMib(model),
      byTurnsMib: neededByTurnsMib(model),
    }
  })
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
      options.device === 'cuda' ? cudaState() : null,
      diskFreeBytes(options['state.dir']),
      isClockSynchronized(),
      'ok' in model ? outcomeOf(() => classOf(modelDir, options.device)) : null,
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
    clockSynchronized: clock,
    model,
    engine,
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

async function classOf(modelDir: string, device: 'cuda' | 'cpu'): Promise<string> {
  const generator = await openEngine({ modelDir, device })
  await generator.close()
  return generator.determinismClass
}
