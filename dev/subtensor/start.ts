import { createRequire } from 'node:module'
import type { ApiPromise as Api } from '@polkadot/api'
import { BlockClock } from './block-clock.js'
import { type Block, DevChain } from './chain.js'
import { type RpcServer, serveRpc } from './rpc/server.js'
import { requireSpec } from './spec.js'
import type { StorageHex } from './storage.js'
import { accountKey, SUDO_KEY } from './storage-keys.js'
import { type DevSubnetParams, type Registration, Subnets } from './subnets.js'

// In its CommonJS form for the reason in base/crypto.ts.
const { ApiPromise, WsProvider }: typeof import('@polkadot/api') = createRequire(import.meta.url)(
  '@polkadot/api',
)

export interface SubtensorOptions {
  /** Path of the raw chain spec (findSpec); looked for unless given. */
  readonly spec?: string
  /** Where it listens; default 127.0.0.1. */
  readonly host?: string
  /** 0, the default, is any that is free. */
  readonly port?: number
  /** Makes a block so often; 0, the default, makes none but those asked for. */
  readonly blockMs?: number
  /** What clients are told that a block lasts; default: `blockMs`, and without it what the runtime plans. */
  readonly saidBlockMs?: number
  /** How many blocks the finalized one is behind; default 0. */
  readonly finalityLag?: number
  /** Milliseconds since 1970 at genesis: it makes the genesis hash. Default: always the same. */
  readonly genesisTime?: number
}

/** Subtensor's real runtime on this machine; all of it is given back by `close`. */
export interface DevSubtensor {
  /** ws://HOST:PORT, a node's JSON-RPC; HOST is this machine where it listens on all addresses. */
  readonly url: string
  readonly genesisHash: string
  head(): Block
  /** Makes so many blocks one after the other; the last one. */
  newBlock(count?: number): Promise<Block>
  /**
   * Makes the block of this number next. Those between are empty and were never run: no epoch, no
   * emission and no reveal happened in them, but they have hashes and eras count from them.
   */
  jump(toHeight: number): Promise<Block>
  makeSubnet(params: DevSubnetParams): Promise<number>
  setParams(netuid: number, params: DevSubnetParams): Promise<void>
  register(netuid: number, neurons: readonly (string | Registration)[]): Promise<void>
  setStake(netuid: number, hotkey: string, rao: bigint): Promise<void>
  setPermit(netuid: number, hotkey: string, permit: boolean): Promise<void>
  fund(address: string): Promise<void>
  /** Rejects when the clock of `blockMs` can make no more blocks. */
  readonly broken: Promise<never>
  close(): Promise<void>
}

const ALICE: StorageHex = '0xd43593c715fdd31c61141abd04a99fd6822c8558854ccde39a5684e7a56da27d'
/** One provider, 2^60 rao free, nothing reserved or frozen, and the flag of today's bookkeeping. */
const RICH: StorageHex = `0x${'00'.repeat(8)}01000000${'00'.repeat(4)}${'00'.repeat(7)}10${'00'.repeat(31)}80`
const GENESIS_TIME = 1_795_000_000_000

/**
 * @throws FractalError `subtensor_spec_missing`, `port_taken`
 */
export async function startSubtensor(options: SubtensorOptions = {}): Promise<DevSubtensor> {
  const spec = options.spec ?? (await requireSpec())
  const { blockMs = 0 } = options
  const held: (() => Promise<unknown>)[] = []
  const close = async () => {
    for (const release of held.splice(0).reverse()) await release()
  }
  try {
    const chain = await DevChain.start({
      spec,
      genesisTime: options.genesisTime ?? GENESIS_TIME,
      finalityLag: options.finalityLag ?? 0,
      saidBlockMs: options.saidBlockMs ?? (blockMs > 0 ? blockMs : null),
      genesis: new Map([
        [SUDO_KEY, ALICE],
        [accountKey(ALICE), RICH],
      ]),
    })
    held.push(() => chain.close())
    const server = await serveRpc(chain, {
      host: options.host ?? '127.0.0.1',
      port: options.port ?? 0,
    })
    held.push(() => server.close())
    const api = await connect(server)
    held.push(() => api.disconnect())
    await chain.newBlock()
    const clock = new BlockClock(chain, blockMs)
    held.push(async () => clock.stop())
    return devSubtensor(chain, server, new Subnets(chain, api), clock, close)
  } catch (error) {
    await close()
    throw error
  }
}

async function connect({ url }: RpcServer): Promise<Api> {
  const provider = new WsProvider(url)
  return ApiPromise.create({ provider, noInitWarn: true, throwOnConnect: true })
}

function devSubtensor(
  chain: DevChain,
  server: RpcServer,
  subnets: Subnets,
  clock: BlockClock,
  close: () => Promise<void>,
): DevSubtensor {
  return {
    url: server.url,
    genesisHash: chain.genesisHash,
    head: () => chain.head,
    async newBlock(count = 1) {
      for (let i = 1; i < count; i++) await chain.newBlock()
      return chain.newBlock()
    },
    jump: (number) => chain.newBlock({ number }),
    makeSubnet: (params) => subnets.make(params),
    setParams: (netuid, params) => subnets.setParams(netuid, params),
    register: (netuid, neurons) => subnets.register(netuid, neurons),
    setStake: (netuid, hotkey, rao) => subnets.setStake(netuid, hotkey, rao),
    setPermit: (netuid, hotkey, permit) => subnets.setPermit(netuid, hotkey, permit),
    fund: (address) => subnets.fund(address),
    broken: clock.broken,
    close,
  }
}
