import { blake2Hex } from './blake2.js'
import { RpcError } from './rpc/error.js'
import type { StorageHex } from './storage.js'
import type { Validity } from './validity.js'

export type PoolEvent = 'ready' | 'future' | 'invalid' | 'dropped' | { usurped: StorageHex }

interface Waiting {
  readonly hash: StorageHex
  readonly extrinsic: StorageHex
  readonly validity: Validity
  /** The last block it may wait for. */
  readonly lastBlock: number
}

type Watcher = (event: PoolEvent) => void

/** How many hashes of what was included or refused are remembered; a node remembers them for 30 minutes. */
const BANNED = 10_000

/**
 * Extrinsics that wait for a block, by the rules of Substrate's pool as far as a client sees them:
 * nonces that come too early wait, the same bytes twice and what was included are refused by code, a
 * second extrinsic with a nonce replaces the first only with a higher priority.
 */
export class Pool {
  readonly #waiting = new Map<StorageHex, Waiting>()
  readonly #banned = new Set<StorageHex>()
  readonly #watchers = new Map<StorageHex, Set<Watcher>>()
  readonly #validate: (extrinsic: StorageHex) => Promise<Validity>
  /**
   * Number of the block that is being made, else of the head. What comes while a block is made lives
   * until the one after it. A node would drop it with that block (this runtime lets extrinsics live one
   * block); but here making one may take most of the time between two.
   */
  readonly #newestNumber: () => number

  constructor(validate: (extrinsic: StorageHex) => Promise<Validity>, newestNumber: () => number) {
    this.#validate = validate
    this.#newestNumber = newestNumber
  }

  /** @throws RpcError 1010 … 1014 */
  async submit(extrinsic: StorageHex): Promise<StorageHex> {
    const hash = blake2Hex(extrinsic)
    this.#refuseKnown(hash)
    const validity = await this.#validate(extrinsic)
    // Somebody may have sent the same while the runtime looked at ours.
    this.#refuseKnown(hash)
    const rivals = [...this.#waiting.values()].filter((other) => shareTag(other, validity))
    for (const rival of rivals) {
      const { priority } = rival.validity
      if (priority < validity.priority) continue
      throw new RpcError(
        1014,
        `Priority is too low: (${priority} vs ${validity.priority})`,
        'The transaction has too low priority to replace another transaction already in the pool.',
      )
    }
    for (const rival of rivals) this.#drop(rival.hash, { usurped: hash })
    const lastBlock = this.#newestNumber() + validity.longevity
    this.#waiting.set(hash, { hash, extrinsic, validity, lastBlock })
    return hash
  }

  /** What a block may take, in an order in which it can; the rest waits for a nonce. */
  ready(): readonly StorageHex[] {
    const provided = new Set<string>()
    const ready: StorageHex[] = []
    let rest = [...this.#waiting.values()]
    for (;;) {
      const next = rest.filter(({ validity }) =>
        validity.requires.every((tag) => provided.has(tag)),
      )
      if (next.length === 0) return ready
      for (const { extrinsic, validity } of next) {
        ready.push(extrinsic)
        for (const tag of validity.provides) provided.add(tag)
      }
      rest = rest.filter((each) => !next.includes(each))
    }
  }

  isReady(hash: StorageHex): boolean {
    const waiting = this.#waiting.get(hash)
    return waiting !== undefined && this.ready().includes(waiting.extrinsic)
  }

  provides(tag: string): boolean {
    const ready = new Set(this.ready())
    return [...this.#waiting.values()].some(
      ({ extrinsic, validity }) => ready.has(extrinsic) && validity.provides.includes(tag),
    )
  }

  /** Told of each block: what it took, and what it would not take. */
  afterBlock(number: number, taken: readonly StorageHex[], rejected: readonly StorageHex[]): void {
    for (const hash of taken.map(blake2Hex)) {
      const waiting = this.#waiting.get(hash)
      this.#ban(hash)
      this.#waiting.delete(hash)
      if (waiting === undefined) continue
      for (const other of this.#waiting.values()) {
        if (shareTag(other, waiting.validity)) this.#drop(other.hash, 'invalid')
      }
      this.#met(waiting)
    }
    for (const hash of rejected.map(blake2Hex)) {
      this.#ban(hash)
      this.#drop(hash, 'invalid')
    }
    for (const { hash, lastBlock } of this.#waiting.values()) {
      if (number < lastBlock) continue
      this.#ban(hash)
      this.#drop(hash, 'invalid')
    }
  }

  /** Called with what becomes of the extrinsic, inclusion excepted. */
  watch(hash: StorageHex, watcher: Watcher): () => void {
    const watchers = this.#watchers.get(hash) ?? new Set()
    this.#watchers.set(hash, watchers)
    watchers.add(watcher)
    return () => {
      watchers.delete(watcher)
      if (watchers.size === 0) this.#watchers.delete(hash)
    }
  }

  /** What waited for this one need not wait any more. */
  #met({ validity }: Waiting): void {
    for (const [hash, waiting] of this.#waiting) {
      const requires = waiting.validity.requires.filter((tag) => !validity.provides.includes(tag))
      if (requires.length < waiting.validity.requires.length) {
        this.#waiting.set(hash, { ...waiting, validity: { ...waiting.validity, requires } })
      }
    }
  }

  #refuseKnown(hash: StorageHex): void {
    if (this.#waiting.has(hash)) {
      throw new RpcError(1013, 'Transaction Already Imported', `"${hash}"`)
    }
    if (this.#banned.has(hash)) throw new RpcError(1012, 'Transaction is temporarily banned')
  }

  #ban(hash: StorageHex): void {
    this.#banned.add(hash)
    if (this.#banned.size > BANNED) {
      for (const first of this.#banned) {
        this.#banned.delete(first)
        break
      }
    }
  }

  #drop(hash: StorageHex, event: PoolEvent): void {
    this.#waiting.delete(hash)
    for (const watcher of this.#watchers.get(hash) ?? []) watcher(event)
  }
}

function shareTag({ validity }: Waiting, { provides }: Validity): boolean {
  return validity.provides.some((tag) => provides.includes(tag))
}
