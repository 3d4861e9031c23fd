import { z } from 'zod'
import type { BlockRef } from '../chain.js'
import { ChainError } from '../errors.js'
import type { Runtime } from './runtime.js'
import type { Session } from './session.js'

/** One value of the pallet SubtensorModule: polkadot.js' name of the item, its keys, its shape here. */
export interface Wanted<T> {
  item: string
  keys: unknown[]
  shape: z.ZodType<T>
}

export function wanted<T>(item: string, shape: z.ZodType<T>, ...keys: unknown[]): Wanted<T> {
  return { item, keys, shape }
}

/** Integers above 2^53 come as decimal text. */
export const integer = z.union([z.int(), z.string().regex(/^\d+$/)])
export const rao = integer.transform(BigInt)
export const count = integer.transform(Number).refine(Number.isSafeInteger)

type Shapes<W extends readonly Wanted<unknown>[]> = {
  -readonly [K in keyof W]: W[K] extends Wanted<infer T> ? T : never
}

const PALLET = 'subtensorModule'

/** The chain's state after one block; everything read here is of that block, whatever comes after it. */
export class StateAt {
  readonly block: BlockRef
  readonly runtime: Runtime
  readonly #session: Session

  /** @throws ChainError `UnknownBlock`, `StateDiscarded` */
  static async open(session: Session, block: BlockRef): Promise<StateAt> {
    const [number, runtime] = await Promise.all([
      session.numberOf(block.hash),
      session.runtimeAt(block.hash),
    ])
    if (number === block.number) return new StateAt(session, block, runtime)
    const message = `the block ${block.hash} is number ${number}, not ${block.number}`
    throw new ChainError('UnknownBlock', message)
  }

  private constructor(session: Session, block: BlockRef, runtime: Runtime) {
    this.#session = session
    this.block = block
    this.runtime = runtime
  }

  has(item: string): boolean {
    return this.runtime.storage(PALLET, item) !== null
  }

  /** How many keys the item takes; null when this runtime has no such storage. */
  keysOf(item: string): number | null {
    const type = this.runtime.storage(PALLET, item)?.meta.type
    if (type === undefined) return null
    return type.isMap ? type.asMap.hashers.length : 0
  }

  /**
   * In one request.
   * @throws ChainError `bad_chain_answer` when this runtime stores nothing or something else there
   */
  async read<const W extends readonly Wanted<unknown>[]>(...items: W): Promise<Shapes<W>> {
    const entries = items.map(({ item }) => {
      const entry = this.runtime.storage(PALLET, item)
      if (entry === null) throw this.#strange(item, 'is not there')
      return entry
    })
    const keys = items.map(({ keys }, i) => storageKey(entries[i]!(...keys)))
    const values = await this.#session.storage(keys, this.block.hash)
    return items.map(({ item, shape }, i) => {
      const parsed = shape.safeParse(this.runtime.decode(entries[i]!, values[i]!))
      if (parsed.success) return parsed.data
      throw this.#strange(item, 'has another shape than this version knows')
    }) as Shapes<W>
  }

  /** Of one item for many keys, in the same request as `read` would. */
  async each<T>(items: readonly Wanted<T>[]): Promise<T[]> {
    return (await this.read(...items)) as T[]
  }

  #strange(item: string, why: string): ChainError {
    const { specVersion } = this.runtime.version
    const message = `runtime ${specVersion}: the storage SubtensorModule.${item} ${why}`
    return new ChainError('bad_chain_answer', message, {
      hint: 'Update Fractal: the chain has changed what it stores.',
    })
  }
}

/** Hex with 0x, without the length that polkadot.js puts in front. */
function storageKey(prefixed: Uint8Array): string {
  // A compact length of one byte up to 63, of two up to 16383: keys are longer than 31 bytes.
  const skip = (prefixed[0]! & 3) === 0 ? 1 : 2
  return `0x${Buffer.from(prefixed.subarray(skip)).toString('hex')}`
}
