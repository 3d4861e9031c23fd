import { Mutex } from '../../base/concurrency/semaphore.js'
import { type Adjustment, type BuiltBlock, buildBlock } from './build.js'
import { RuntimeExecutor } from './executor.js'
import { EMPTY_ROOT, type Header, hashHeader, ZERO_HASH } from './header.js'
import { StorageHistory } from './history.js'
import { Pool } from './pool.js'
import { bare, littleEndian, ScaleReader } from './scale.js'
import { readGenesis } from './spec.js'
import type { StorageChanges, StorageHex, StorageView } from './storage.js'
import { blockHashKey, CODE, TIMESTAMP } from './storage-keys.js'
import { readValidity, type Validity } from './validity.js'

export interface Block {
  readonly number: number
  readonly hash: StorageHex
  readonly header: Header
  readonly extrinsics: readonly StorageHex[]
}

export interface ChainConfig {
  /** Path of the raw chain spec. */
  readonly spec: string
  /** Milliseconds since 1970; part of what the genesis hash is made of. */
  readonly genesisTime: number
  /** Put in or replaced at genesis. */
  readonly genesis: ReadonlyMap<StorageHex, StorageHex>
  /** How many blocks the finalized one is behind the newest. */
  readonly finalityLag: number
  /** What clients are told that a block lasts; null: nothing, and they go by the runtime's slots. */
  readonly saidBlockMs: number | null
}

export interface BlockRequest {
  /** The block's number when blocks between are left out; the next one unless given. */
  readonly number?: number
  /** Put in place after the block's epoch, before its extrinsics; part of what the block changes. */
  readonly storage?: StorageChanges
  /** Extrinsics that go before those of the pool. */
  readonly extrinsics?: readonly StorageHex[]
}

/** As a pruning node: of how many blocks the state can be read. */
const KEPT_STATES = 256
/** How many headers and bodies are kept, so that memory stays flat. */
const KEPT_BLOCKS = 5000
/** How many hashes the runtime itself remembers. */
const RUNTIME_HASHES = 2400
/** TransactionSource::External. */
const FROM_OUTSIDE = '02'

/** Subtensor's runtime with blocks made on demand: a chain of one node, without forks. */
export class DevChain {
  readonly executor: RuntimeExecutor
  readonly genesisHash: StorageHex
  /** Milliseconds that the runtime takes a slot, and so a block, to last. */
  readonly slotMs: number
  readonly pool: Pool
  /** Done in each block after its epoch, before its extrinsics. */
  adjust: Adjustment | null = null
  readonly #config: ChainConfig
  readonly #history: StorageHistory
  readonly #byNumber = new Map<number, Block>()
  readonly #byHash = new Map<StorageHex, Block>()
  readonly #listeners = new Set<(block: Block) => void>()
  #head: Block
  /** Number of the block that is being made. */
  #building: number | null = null
  #time: number
  readonly #mutex = new Mutex()

  private constructor(
    executor: RuntimeExecutor,
    config: ChainConfig,
    history: StorageHistory,
    genesis: Block,
    slotMs: number,
  ) {
    this.executor = executor
    this.genesisHash = genesis.hash
    this.slotMs = slotMs
    this.#config = config
    this.#history = history
    this.#head = genesis
    this.#time = config.genesisTime
    this.#keep(genesis)
    this.pool = new Pool(
      (extrinsic) => this.#validate(extrinsic),
      // What comes while a block is made can be in the one after it only, and may be valid for one block.
      () => this.#building ?? this.#head.number,
    )
  }

  static async start(config: ChainConfig): Promise<DevChain> {
    const storage = await readGenesis(config.spec)
    storage.set(TIMESTAMP, `0x${littleEndian(config.genesisTime, 8)}`)
    for (const [key, value] of config.genesis) storage.set(key, value)
    const executor = await RuntimeExecutor.start(storage.get(CODE)!)
    try {
      const stateRoot = await executor.stateRoot(storage)
      const header = {
        parentHash: ZERO_HASH,
        number: 0,
        stateRoot,
        extrinsicsRoot: EMPTY_ROOT,
        logs: [],
      }
      const genesis = { number: 0, hash: hashHeader(header), header, extrinsics: [] }
      const history = new StorageHistory()
      history.write(0, [...storage])
      const { result } = await executor.run([['AuraApi_slot_duration', '0x']], history.at(0))
      return new DevChain(
        executor,
        config,
        history,
        genesis,
        Number(new ScaleReader(result).int(8)),
      )
    } catch (error) {
      await executor.close()
      throw error
    }
  }

  get head(): Block {
    return this.#head
  }

  get saidBlockMs(): number | null {
    return this.#config.saidBlockMs
  }

  get finalized(): Block {
    const number = Math.max(0, this.#head.number - this.#config.finalityLag)
    return this.#byNumber.get(number)!
  }

  blockAt(number: number): Block | undefined {
    return this.#byNumber.get(number)
  }

  block(hash: StorageHex): Block | undefined {
    return this.#byHash.get(hash)
  }

  /** Null when the node has forgotten that state. */
  stateAt({ number }: Block): StorageView | null {
    return number > this.#head.number - KEPT_STATES ? this.#history.at(number) : null
  }

  /** Called after each new block, once it is the head. */
  onBlock(listener: (block: Block) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /**
   * Makes a block of what waits in the pool; calls at once are done one after the other.
   * @throws RuntimeTrap when the runtime panics: the chain stays as it was
   */
  newBlock(request: BlockRequest = {}): Promise<Block> {
    return this.#mutex.run(() => this.#newBlock(request))
  }

  async close(): Promise<void> {
    await this.#mutex.run(() => this.executor.close())
  }

  async #newBlock({ number = this.#head.number + 1, storage = [], extrinsics = [] }: BlockRequest) {
    if (number <= this.#head.number) throw new RangeError(`block ${number} is in the past`)
    const gap = this.#fillGap(number)
    const parentHash = gap.at(-1)?.hash ?? this.#head.hash
    const time = this.#time + (number - this.#head.number) * this.slotMs
    // The last of them the runtime writes down itself.
    const known = rememberHashes(gap.length > 0 ? [this.#head, ...gap.slice(0, -1)] : [])
    const { slotMs, adjust } = this
    const adjusted: Adjustment = (state) => [...known, ...storage, ...(adjust?.(state) ?? [])]
    const input = {
      number,
      parentHash,
      time,
      slotMs,
      extrinsics: [...extrinsics, ...this.pool.ready()],
      adjust: known.length + storage.length > 0 || adjust !== null ? adjusted : null,
    }
    let built: BuiltBlock
    this.#building = number
    try {
      built = await buildBlock(this.executor, this.#history, input)
    } catch (error) {
      this.#history.revert(number)
      throw error
    } finally {
      this.#building = null
    }
    const { header } = built
    const block = { number, hash: hashHeader(header), header, extrinsics: built.extrinsics }
    for (const each of [...gap, block]) this.#keep(each)
    this.#head = block
    this.#time = time
    this.#forget()
    this.pool.afterBlock(number, built.extrinsics, built.rejected)
    for (const listener of this.#listeners) listener(block)
    return block
  }

  /** Blocks without anything in them, so that every number below the next has a hash, as on any chain. */
  #fillGap(next: number): Block[] {
    const gap: Block[] = []
    let parent = this.#head
    while (parent.number < next - 1) {
      const header = { ...parent.header, parentHash: parent.hash, number: parent.number + 1 }
      parent = { number: header.number, hash: hashHeader(header), header, extrinsics: [] }
      gap.push(parent)
    }
    return gap
  }

  #keep(block: Block): void {
    this.#byNumber.set(block.number, block)
    this.#byHash.set(block.hash, block)
  }

  #forget(): void {
    this.#history.prune(this.#head.number - KEPT_STATES + 1)
    for (const [number, { hash }] of this.#byNumber) {
      if (number === 0) continue
      if (number > this.#head.number - KEPT_BLOCKS) break
      this.#byNumber.delete(number)
      this.#byHash.delete(hash)
    }
  }

  async #validate(extrinsic: StorageHex): Promise<Validity> {
    const argument: StorageHex = `0x${FROM_OUTSIDE}${bare(extrinsic)}${bare(this.#head.hash)}`
    const state = this.#history.at(this.#head.number)
    const { result } = await this.executor.run(
      [['TaggedTransactionQueue_validate_transaction', argument]],
      state,
    )
    return readValidity(result)
  }
}

/** What System.BlockHash would hold if the blocks between had been made. */
function rememberHashes(blocks: readonly Block[]): StorageChanges {
  return blocks.slice(-RUNTIME_HASHES).map(({ number, hash }) => [blockHashKey(number), hash])
}
