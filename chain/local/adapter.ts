import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Signer } from '../../base/sr25519.js'
import type { Hex } from '../../formats/bytes.js'
import type {
  AxonAddress,
  BlockRef,
  Chain,
  Epoch,
  Inclusion,
  Metagraph,
  PreparedExtrinsic,
  SubnetParams,
  WeightsCall,
  WeightsCommit,
} from '../chain.js'
import { ChainError, retryHelps } from '../errors.js'
import { servedIp } from '../served-ip.js'
import { type Call, LOCAL_SPEC_VERSION, signExtrinsic } from './extrinsic.js'
import { blockRef, LocalRpc } from './rpc.js'
import { localParams, rao, u16 } from './schemas.js'
import { timelockPlan, weightsCall } from './weights-call.js'

/** Mortality of an axon's extrinsic: normally the next block includes it. */
const SERVE_ERA_BLOCKS = 16

/** Half a block, at most 3 s, so that finality is noticed within half a block. */
export function pollMs(blockSeconds: number): number {
  return Math.max(100, Math.min(3000, blockSeconds * 500))
}

const info = z.object({ genesisHash: z.string(), blockMs: z.number(), allowLoopback: z.boolean() })
const neurons = z.object({
  block: blockRef,
  neurons: z.array(
    z.object({
      uid: u16,
      hotkey: z.string(),
      coldkey: z.string(),
      axon: z.object({ ip: z.string(), port: u16 }).nullable(),
      stakeRao: rao.transform(BigInt),
      validatorPermit: z.boolean(),
      lastUpdate: z.int(),
      registeredBlock: z.int(),
    }),
  ),
})
const commits = z.array(
  z.object({
    hash: z.string(),
    block: z.int(),
    revealFirst: z.int(),
    revealLast: z.int(),
    timelocked: z.boolean(),
  }),
)
const epoch = z.object({ tempo: z.int(), blocksSinceLast: z.int(), nextBlock: z.int() })
const inclusion = z
  .union([
    z.object({ block: blockRef, ok: z.literal(true) }),
    z.object({ block: blockRef, ok: z.literal(false), error: z.string() }),
  ])
  .nullable()

/**
 * Connects to the local chain at this address, which only has to be up during calls.
 * @throws ChainError `chain_unreachable`, `chain_timeout` (both retryable), `bad_chain_answer`
 */
export async function connectLocalChain(
  url: string,
  options: { deadlineMs?: number } = {},
): Promise<Chain> {
  const rpc = new LocalRpc(url, options.deadlineMs)
  return new LocalChain(rpc, await rpc.call('info', {}, info))
}

class LocalChain implements Chain {
  readonly kind = 'local'
  readonly genesisHash: Hex
  readonly endpoint: string
  readonly blockSeconds: number
  readonly allowsLoopbackAxons: boolean
  readonly #rpc: LocalRpc

  constructor(rpc: LocalRpc, { genesisHash, blockMs, allowLoopback }: z.infer<typeof info>) {
    this.#rpc = rpc
    this.endpoint = rpc.url
    this.genesisHash = genesisHash
    this.blockSeconds = blockMs / 1000
    this.allowsLoopbackAxons = allowLoopback
  }

  head(): Promise<BlockRef> {
    return this.#rpc.call('head', {}, blockRef)
  }

  finalized(): Promise<BlockRef> {
    return this.#rpc.call('finalized', {}, blockRef)
  }

  async nextFinalized(): Promise<null> {
    await sleep(pollMs(this.blockSeconds))
    return null
  }

  blockAt(number: number): Promise<BlockRef> {
    return this.#rpc.call('blockAt', { number }, blockRef)
  }

  async metagraph(netuid: number, at?: BlockRef): Promise<Metagraph> {
    return { netuid, ...(await this.#rpc.call('metagraph', { netuid, at }, neurons)) }
  }

  async subnetParams(netuid: number, at?: BlockRef): Promise<SubnetParams> {
    const params = await this.#rpc.call('subnetParams', { netuid, at }, localParams)
    const { maxValidators: _, roundLag: __, minStakeRao, ...rest } = params
    return { ...rest, minStakeRao: BigInt(minStakeRao) }
  }

  weights(netuid: number, uid: number, at?: BlockRef): Promise<[number, number][]> {
    return this.#rpc.call('weights', { netuid, uid, at }, z.array(z.tuple([u16, u16])))
  }

  commits(netuid: number, hotkey: string, at?: BlockRef): Promise<WeightsCommit[]> {
    return this.#rpc.call('commits', { netuid, hotkey, at }, commits)
  }

  epoch(netuid: number, at?: BlockRef): Promise<Epoch> {
    return this.#rpc.call('epoch', { netuid, at }, epoch)
  }

  async specVersion(): Promise<number> {
    return LOCAL_SPEC_VERSION
  }

  async prepareWeights(call: WeightsCall): Promise<PreparedExtrinsic> {
    const { step, netuid, signer, eraBlocks } = call
    const plan =
      step === 'timelock' ? await this.#rpc.call('timelock', { netuid }, timelockPlan) : null
    return this.#prepare(signer, weightsCall(call, plan), eraBlocks)
  }

  async submit({ bytes }: PreparedExtrinsic): Promise<void> {
    await this.#rpc.call('submit', { bytes }, z.null())
  }

  inclusion(hash: Hex, { from, to }: { from: number; to: number }): Promise<Inclusion | null> {
    return this.#rpc.call('inclusion', { hash, from, to }, inclusion)
  }

  async serveAxon(
    signer: Signer,
    netuid: number,
    { ip, port }: AxonAddress,
  ): Promise<'served' | 'unchanged'> {
    const address = { ip: servedIp(ip).toString(), port }
    const { neurons } = await this.metagraph(netuid)
    const present = neurons.find(({ hotkey }) => hotkey === signer.ss58)?.axon
    if (present?.ip === address.ip && present.port === port) return 'unchanged'
    const call: Call = { name: 'serve_axon', netuid, ...address }
    const prepared = await this.#prepare(signer, call, SERVE_ERA_BLOCKS)
    await this.submit(prepared)
    const included = await this.#waitIncluded(prepared)
    if (!included.ok) {
      const { error } = included
      throw new ChainError(error, `serve_axon: ${error}`, { retryable: retryHelps(error) })
    }
    return 'served'
  }

  lastBlockAgeMs(): number {
    return this.#rpc.lastBlockAgeMs()
  }

  async close(): Promise<void> {
    // Nothing is kept open between calls.
  }

  async #prepare(signer: Signer, call: Call, eraBlocks: number): Promise<PreparedExtrinsic> {
    if (!(eraBlocks >= 4 && eraBlocks <= 65536 && Number.isInteger(Math.log2(eraBlocks)))) {
      const message = `an era of ${eraBlocks} blocks: it must be a power of two, 4 … 65536`
      throw new ChainError('invalid_era', message)
    }
    const nonce = await this.#rpc.call('nonce', { account: signer.ss58 }, z.int())
    const eraFirst = (await this.head()).number
    const eraLast = eraFirst + eraBlocks - 1
    return signExtrinsic(signer, { genesis: this.genesisHash, nonce, eraFirst, eraLast, call })
  }

  /** The server holds each request until a block answers it, at most 10 s. */
  async #waitIncluded({ hash, eraLast }: PreparedExtrinsic): Promise<Inclusion> {
    for (;;) {
      const included = await this.#rpc.call('waitInclusion', { hash }, inclusion)
      if (included !== null) return included
      const { number } = await this.head()
      if (number >= eraLast) {
        const message = `no block up to ${number} took the extrinsic ${hash}`
        throw new ChainError('not_included', message, { retryable: true })
      }
    }
  }
}
