import { blake2b } from '@noble/hashes/blake2.js'
import type { DispatchError, EventRecord } from '@polkadot/types/interfaces'
import type { Registry } from '@polkadot/types/types'
import { fromHex, type Hex, toHex } from '../../formats/bytes.js'
import type { BlockRef, Inclusion } from '../chain.js'
import { ChainError } from '../errors.js'
import type { Session } from './session.js'

/** Several times the length of an era; only the hashes of extrinsics are kept per block. */
const KEPT_BLOCKS = 512
/** Blocks requested concurrently. */
const AT_ONCE = 8

interface Block {
  ref: BlockRef
  /** Hashes of its extrinsics, in order. */
  hashes: Hex[]
}

/** Searches blocks for an extrinsic; a final block is requested only once. */
export class FinalizedBlocks {
  readonly #kept = new Map<number, Block>()

  /**
   * The block in `from` … `to` (inclusive) that contains the extrinsic, with its index there, or null.
   * @param final whether all these blocks are final: otherwise nothing is cached
   * @throws ChainError `StateDiscarded` if the node no longer has one of the blocks
   */
  async find(
    session: Session,
    hash: Hex,
    from: number,
    to: number,
    final = false,
  ): Promise<{ ref: BlockRef; index: number } | null> {
    for (let start = from; start <= to; start += AT_ONCE) {
      const numbers = Array.from({ length: Math.min(AT_ONCE, to - start + 1) }, (_, i) => start + i)
      for (const { ref, hashes } of await Promise.all(
        numbers.map((number) => this.#block(session, number, final)),
      )) {
        const index = hashes.indexOf(hash)
        if (index >= 0) return { ref, index }
      }
    }
    return null
  }

  async #block(session: Session, number: number, final: boolean): Promise<Block> {
    const kept = this.#kept.get(number)
    if (kept !== undefined) return kept
    const hash = await session.blockHash(number)
    const extrinsics = await session.extrinsics(hash)
    if (extrinsics === null) {
      const message = `${session.socket.endpoint} no longer has what block ${number} holds`
      throw new ChainError('StateDiscarded', message)
    }
    const hashes = extrinsics.map((bytes) => toHex(blake2b(fromHex(bytes.slice(2)), { dkLen: 32 })))
    const block = { ref: { number, hash }, hashes }
    if (final) this.#keep(block)
    return block
  }

  #keep(block: Block): void {
    this.#kept.set(block.ref.number, block)
    if (this.#kept.size <= KEPT_BLOCKS) return
    const [oldest] = this.#kept.keys()
    if (oldest !== undefined) this.#kept.delete(oldest)
  }
}

/**
 * How an included extrinsic ended.
 * @throws ChainError `StateDiscarded` if the node no longer has the block's events
 */
export async function outcomeOf(
  session: Session,
  { ref, index }: { ref: BlockRef; index: number },
): Promise<Inclusion> {
  const api = await session.api()
  const { query, registry } = await api.at(`0x${ref.hash}`)
  const records = (await query.system!.events!()) as unknown as EventRecord[]
  for (const { phase, event } of records) {
    if (!phase.isApplyExtrinsic || !phase.asApplyExtrinsic.eqn(index)) continue
    const name = `${event.section}.${event.method}`
    if (name === 'system.ExtrinsicSuccess') return { block: ref, ok: true }
    if (name === 'system.ExtrinsicFailed') {
      const error = errorName(registry, event.data[0] as unknown as DispatchError)
      return { block: ref, ok: false, error }
    }
  }
  const message = `the events of block ${ref.number} don't tell of its extrinsic ${index}`
  throw new ChainError('bad_chain_answer', message)
}

function errorName(registry: Registry, error: DispatchError): string {
  if (error.isModule) return registry.findMetaError(error.asModule).name
  const { inner } = error as unknown as { inner: { type?: string } }
  return inner.type === undefined ? error.type : `${error.type}.${inner.type}`
}
