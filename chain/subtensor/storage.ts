import type { ApiPromise } from '@polkadot/api'
import type { ApiDecoration, QueryableStorageEntry } from '@polkadot/api/types'
import type { Codec } from '@polkadot/types/types'
import { z } from 'zod'
import type { BlockRef } from '../chain.js'
import { ChainError } from '../errors.js'
import type { Session } from './session.js'

/** One value of the pallet SubtensorModule: polkadot.js's name of the item, its keys, its schema. */
export interface Wanted<T> {
  item: string
  keys: unknown[]
  shape: z.ZodType<T>
}

export function wanted<T>(item: string, shape: z.ZodType<T>, ...keys: unknown[]): Wanted<T> {
  return { item, keys, shape }
}

/** The same of one item for many keys. */
interface ManyWanted<T> {
  item: string
  keys: readonly (readonly unknown[])[]
  shape: z.ZodType<T>
}

export function wantedOf<T>(
  item: string,
  shape: z.ZodType<T>,
  keys: readonly (readonly unknown[])[],
): ManyWanted<T> {
  return { item, keys, shape }
}

/** Integers above 2^53 come as decimal text. */
const integer = z.union([z.int(), z.string().regex(/^\d+$/)])
export const rao = integer.transform(BigInt)
export const count = integer.transform(Number).refine(Number.isSafeInteger)

type Shapes<W extends readonly Wanted<unknown>[]> = {
  -readonly [K in keyof W]: W[K] extends Wanted<infer T> ? T : never
}

type ManyShapes<W extends readonly ManyWanted<unknown>[]> = {
  -readonly [K in keyof W]: W[K] extends ManyWanted<infer T> ? T[] : never
}

/** In one request: its text stays far below what nodes take (15 MB), and its answer too. */
const MOST_KEYS = 4096
const PALLET = 'subtensorModule'

/** The chain's state after one block; everything read here is from that block, whatever comes later. */
export class StateAt {
  readonly block: BlockRef
  readonly #api: ApiPromise
  readonly #at: ApiDecoration<'promise'>

  /** @throws ChainError `UnknownBlock`, `StateDiscarded` */
  static async open(session: Session, block: BlockRef): Promise<StateAt> {
    // First, because the API prints an error if the block does not exist.
    const number = await session.numberOf(block.hash)
    if (number !== block.number) {
      const message = `the block ${block.hash} is number ${number}, not ${block.number}`
      throw new ChainError('UnknownBlock', message)
    }
    const api = await session.api()
    return new StateAt(block, api, await api.at(`0x${block.hash}`))
  }

  private constructor(block: BlockRef, api: ApiPromise, at: ApiDecoration<'promise'>) {
    this.block = block
    this.#api = api
    this.#at = at
  }

  has(item: string): boolean {
    return this.keysOf(item) !== null
  }

  /** How many keys the item takes; null if this runtime has no such storage. */
  keysOf(item: string): number | null {
    const type = this.#at.query[PALLET]?.[item]?.creator.meta.type
    if (type === undefined) return null
    return type.isMap ? type.asMap.hashers.length : 0
  }

  /** The names of a call's arguments, as the API spells them; null if this runtime has no such call. */
  argumentsOf(call: string): readonly string[] | null {
    const { lookup, metadata } = this.#at.registry
    const pallet = metadata.pallets.find(({ name }) => name.toString() === 'SubtensorModule')
    if (pallet?.calls.isSome !== true) return null
    const { variants } = lookup.getSiType(pallet.calls.unwrap().type).def.asVariant
    const found = variants.find(({ name }) => camelCase(name.toString()) === call)
    return found?.fields.map(({ name }) => camelCase(name.unwrapOr('').toString())) ?? null
  }

  /** When the block was made, in Unix time by the chain's clock. */
  async madeAtSeconds(): Promise<number> {
    const entry = this.#at.query.timestamp?.now
    if (entry === undefined) throw this.#strange('Timestamp.Now', 'is not there')
    return Number(await entry()) / 1000
  }

  /**
   * Reads several values in one request.
   * @throws ChainError `bad_chain_answer` if this runtime has no such item, or of a different type
   */
  async read<const W extends readonly Wanted<unknown>[]>(...items: W): Promise<Shapes<W>> {
    const values = await this.#query(items.map(({ item, keys }) => [item, keys]))
    return items.map(({ item, shape }, i) => this.#parse(item, shape, values[i])) as Shapes<W>
  }

  /** The same for a subnet. @throws ChainError also `SubNetworkDoesNotExist` */
  async readSubnet<const W extends readonly Wanted<unknown>[]>(
    netuid: number,
    ...items: W
  ): Promise<Shapes<W>> {
    const added = wanted('networksAdded', z.boolean(), netuid)
    const [isThere, ...values] = await this.read(added, ...items)
    if (isThere) return values as Shapes<W>
    throw new ChainError('SubNetworkDoesNotExist', `there is no subnet ${netuid}`)
  }

  /** Of each item all that is stored under its keys, in as few requests as nodes allow. @throws as `read` */
  async readMany<const W extends readonly ManyWanted<unknown>[]>(
    ...items: W
  ): Promise<ManyShapes<W>> {
    const values = await this.#query(
      items.flatMap(({ item, keys }) => keys.map((of): [string, readonly unknown[]] => [item, of])),
    )
    let taken = 0
    return items.map(({ item, keys, shape }) => {
      const own = values.slice(taken, taken + keys.length)
      taken += keys.length
      return own.map((value) => this.#parse(item, shape, value))
    }) as ManyShapes<W>
  }

  // Not with each item's `multi`, which spends most of its time on keys of its own cache.
  async #query(items: [item: string, keys: readonly unknown[]][]): Promise<Codec[]> {
    const values: Codec[] = []
    const { rpc } = this.#api
    for (let start = 0; start < items.length; start += MOST_KEYS) {
      const keys = items
        .slice(start, start + MOST_KEYS)
        .map(([item, of]) =>
          this.#at.registry.createType('StorageKey', [this.#entry(item).creator, of]),
        )
      const found = await rpc.state.queryStorageAt(keys, `0x${this.block.hash}`)
      values.push(...(found as unknown as Codec[]))
    }
    return values
  }

  #entry(item: string): QueryableStorageEntry<'promise'> {
    const entry = this.#at.query[PALLET]?.[item]
    if (entry === undefined) throw this.#strange(item, 'is not there')
    return entry
  }

  #parse<T>(item: string, shape: z.ZodType<T>, value: Codec | undefined): T {
    const parsed = shape.safeParse(value?.toPrimitive())
    if (parsed.success) return parsed.data
    throw this.#strange(item, 'has another shape than this version knows')
  }

  #strange(item: string, why: string): ChainError {
    const { specVersion } = this.#at.runtimeVersion
    const message = `runtime ${specVersion}: the storage SubtensorModule.${item} ${why}`
    return new ChainError('bad_chain_answer', message, {
      hint: 'Update Fractal: the chain has changed what it stores.',
    })
  }
}

function camelCase(name: string): string {
  return name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase())
}
