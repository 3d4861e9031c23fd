import type { BlockRef, Inclusion } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { concat, fromHex, type Hex, toHex, u32le, utf8 } from '../../formats/bytes.js'
import { canonicalJson } from '../../formats/canonical-json.js'
import { sha256 } from '../../formats/sha256.js'
import type { ChainState } from './state.js'

/** What a block holds: each extrinsic's hash and its error by name, null for success. */
export type BlockBody = [hash: Hex, error: string | null][]

/** The state from block `since` until the next version. */
export interface Version {
  since: number
  state: ChainState
}

/** How much is kept; older questions are answered by `StateDiscarded`. */
export interface Retention {
  /** Blocks whose state can be read. */
  states: number
  /** Blocks whose hash and extrinsics can be read. */
  blocks: number
}

/** States for an hour of one-second blocks, hashes and inclusions for a day of them. */
export const DEFAULT_RETENTION: Retention = { states: 4096, blocks: 100_000 }

/** The next block's hash. Only empty blocks can be foreseen; the genesis hash is random. */
function nextHash(parent: Hex, number: number, body: BlockBody): Hex {
  return toHex(
    sha256(
      concat(
        utf8('fractal-localnet-block/1'),
        fromHex(parent),
        u32le(number),
        utf8(canonicalJson(body)),
      ),
    ),
  )
}

/** The blocks and states that are kept. There are no forks: what is appended stays. */
export class History {
  /** Block numbers start at #base; those below #first are forgotten and cut off in batches. */
  readonly #hashes: Hex[]
  #base: number
  #first: number
  readonly #inclusions = new Map<Hex, { number: number; error: string | null }>()
  readonly #bodies = new Map<number, BlockBody>()
  readonly #versions: Version[]
  readonly #retention: Retention

  /** @param versions oldest first; at least the one that holds at the first block */
  constructor(first: BlockRef, body: BlockBody, versions: Version[], retention: Retention) {
    this.#base = first.number
    this.#first = first.number
    this.#hashes = [first.hash]
    this.#versions = versions
    this.#retention = retention
    this.#addBody(body)
  }

  get head(): BlockRef {
    return { number: this.#base + this.#hashes.length - 1, hash: this.#hashes.at(-1)! }
  }

  /** The oldest block that is kept. */
  get first(): BlockRef {
    return this.blockAt(this.#first)
  }

  get state(): ChainState {
    return this.#versions.at(-1)!.state
  }

  get versions(): readonly Version[] {
    return this.#versions
  }

  /** Those that are not empty, oldest first. */
  get bodies(): IterableIterator<[number, BlockBody]> {
    return this.#bodies.entries()
  }

  append(state: ChainState, body: BlockBody): void {
    this.appendBlock(body)
    if (state !== this.state) this.#versions.push({ since: this.head.number, state })
    this.#forget()
  }

  /** When a file is read: a block whose state is in the versions already. */
  appendBlock(body: BlockBody): void {
    this.#hashes.push(nextHash(this.head.hash, this.head.number + 1, body))
    this.#addBody(body)
  }

  #addBody(body: BlockBody): void {
    if (body.length === 0) return
    const { number } = this.head
    this.#bodies.set(number, body)
    for (const [hash, error] of body) this.#inclusions.set(hash, { number, error })
  }

  /** @throws ChainError `UnknownBlock`, `StateDiscarded` */
  blockAt(number: number): BlockRef {
    if (number > this.head.number) throw unknownBlock(number)
    if (number < this.#first) throw discarded(number, this.#first)
    return { number, hash: this.#hashes[number - this.#base]! }
  }

  /** @throws ChainError `UnknownBlock` (none of this chain), `StateDiscarded` */
  stateAt(at: BlockRef): ChainState {
    const oldest = Math.max(this.#versions[0]!.since, this.head.number - this.#retention.states + 1)
    if (at.number < oldest) throw discarded(at.number, oldest)
    if (this.blockAt(at.number).hash !== at.hash) throw unknownBlock(at.number)
    return this.#versions.findLast(({ since }) => since <= at.number)!.state
  }

  inclusion(hash: Hex): Inclusion | null {
    const found = this.#inclusions.get(hash)
    if (found === undefined) return null
    const block = this.blockAt(found.number)
    return found.error === null ? { block, ok: true } : { block, ok: false, error: found.error }
  }

  #forget(): void {
    const oldestState = this.head.number - this.#retention.states + 1
    while (this.#versions.length > 1 && this.#versions[1]!.since <= oldestState) {
      this.#versions.shift()
    }
    if (this.head.number - this.#first < this.#retention.blocks) return
    for (const [hash] of this.#bodies.get(this.#first) ?? []) this.#inclusions.delete(hash)
    this.#bodies.delete(this.#first)
    this.#first += 1
    if (this.#first - this.#base < this.#retention.blocks) return
    this.#hashes.splice(0, this.#first - this.#base)
    this.#base = this.#first
  }
}

function unknownBlock(number: number): ChainError {
  return new ChainError('UnknownBlock', `block ${number} with this hash is not on this chain`)
}

function discarded(number: number, oldest: number): ChainError {
  return new ChainError(
    'StateDiscarded',
    `block ${number} is no longer kept; the oldest: ${oldest}`,
  )
}
