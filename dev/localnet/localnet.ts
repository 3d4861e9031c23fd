import { randomBytes } from 'node:crypto'
import type { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import type { BlockRef, Inclusion } from '../../chain/chain.js'
import { ChainError } from '../../chain/errors.js'
import { type AdminCall, adminCall } from '../../chain/local/admin-call.js'
import { openExtrinsic } from '../../chain/local/extrinsic.js'
import { type Hex, toHex } from '../../formats/bytes.js'
import { applyAdmin } from './apply-admin.js'
import { dispatch } from './dispatch.js'
import { type BlockBody, History, type Retention } from './history.js'
import { Pool } from './pool.js'
import { type ChainState, EMPTY_STATE } from './state.js'
import { loadHistory, saveHistory } from './state-file.js'
import { revealDue } from './timelock.js'

export interface LocalnetOptions {
  statePath: string
  /** Applied to block 0 of a new chain, in order; a chain that exists ignores it. */
  genesis: AdminCall[]
  /** How many blocks the finalized one is behind the head. */
  finalityLag: number
  allowLoopback: boolean
  retention: Retention
}

/**
 * The chain itself, without its server and clock. A block is in the file before anybody sees it; what
 * is not yet in a block (the pool, an admin's last change) is lost with the process.
 */
export class Localnet {
  readonly genesisHash: Hex
  readonly #options: LocalnetOptions
  readonly #history: History
  readonly #pool = new Pool()
  readonly #onBlock = new Set<() => void>()
  /** The head's state and the admin's changes since. */
  #next: ChainState
  #failed: FractalError | null = null

  /** @throws FractalError `state_unreadable`, `state_not_saved`, `bad_genesis` */
  constructor(options: LocalnetOptions) {
    this.#options = options
    const found = loadHistory(options.statePath, options.retention)
    this.genesisHash = found?.genesisHash ?? toHex(randomBytes(32))
    this.#history = found?.history ?? firstHistory(this.genesisHash, options)
    this.#next = this.#history.state
    this.#save()
  }

  /** @throws FractalError `state_not_saved`: the head is a block that no file holds. */
  assertSaved(): void {
    if (this.#failed !== null) throw this.#failed
  }

  get head(): BlockRef {
    return this.#history.head
  }

  get finalized(): BlockRef {
    const { first, head } = this.#history
    return this.#history.blockAt(Math.max(first.number, head.number - this.#options.finalityLag))
  }

  /** @throws ChainError `not_finalized`, `StateDiscarded` */
  finalizedBlockAt(number: number): BlockRef {
    const { finalized } = this
    if (number > finalized.number) {
      const message = `block ${number} is not finalized; the last that is: ${finalized.number}`
      throw new ChainError('not_finalized', message, { retryable: true })
    }
    return this.#history.blockAt(number)
  }

  stateAt(at: BlockRef = this.head): ChainState {
    return this.#history.stateAt(at)
  }

  nextNonce(account: string): number {
    return this.#pool.nextNonce(this.#next, account)
  }

  /** @throws ChainError by the pool's reason; nothing for what is known already. */
  submit(bytes: Hex): void {
    const extrinsic = openExtrinsic(bytes, this.genesisHash)
    if (this.#pool.has(extrinsic.hash) || this.#history.inclusion(extrinsic.hash) !== null) return
    this.#pool.add(extrinsic, this.#next, this.head.number + 1)
  }

  /** In the finalized blocks from … to. @throws ChainError `StateDiscarded` */
  finalizedInclusion(hash: Hex, from: number, to: number): Inclusion | null {
    if (from < this.#history.first.number) this.#history.blockAt(from)
    const found = this.#history.inclusion(hash)
    const last = Math.min(to, this.finalized.number)
    return found !== null && found.block.number >= from && found.block.number <= last ? found : null
  }

  /** At the head, finalized or not. */
  latestInclusion(hash: Hex): Inclusion | null {
    return this.#history.inclusion(hash)
  }

  /** @throws ChainError by the chain's name of what is wrong */
  admin(call: z.output<typeof adminCall>): void {
    const done = applyAdmin(this.#next, call, this.head.number + 1)
    if ('error' in done) throw new ChainError(done.error, `${call.name}: ${done.error}`)
    this.#next = done.state
  }

  /** @throws FractalError `state_not_saved`; then this chain makes no further blocks. */
  newBlocks(count: number): BlockRef {
    this.assertSaved()
    for (let i = 0; i < count; i++) this.#newBlock()
    this.#save()
    for (const listener of [...this.#onBlock]) listener()
    return this.head
  }

  /** @returns how to stop listening */
  onBlock(listener: () => void): () => void {
    this.#onBlock.add(listener)
    return () => this.#onBlock.delete(listener)
  }

  #newBlock(): void {
    const block = this.head.number + 1
    const { allowLoopback } = this.#options
    const body: BlockBody = []
    let state = revealDue(this.#next, block)
    // Nothing in the pool has outlived its era: it asked for the next block, and this is it.
    for (const { hash, signer, nonce, call } of this.#pool.take()) {
      state = { ...state, nonces: { ...state.nonces, [signer]: nonce + 1 } }
      const done = dispatch(state, call, { block, hotkey: signer, allowLoopback })
      if ('state' in done) state = done.state
      body.push([hash, 'error' in done ? done.error : null])
    }
    this.#history.append(state, body)
    this.#next = state
  }

  // A chain that went on without its file would forget blocks that others have seen.
  #save(): void {
    const { statePath } = this.#options
    try {
      saveHistory(statePath, this.genesisHash, this.#history)
    } catch (cause) {
      this.#failed = new FractalError('state_not_saved', `cannot write ${statePath}`, {
        hint: 'Make room or fix the permissions, then start the chain again.',
        cause,
      })
      throw this.#failed
    }
  }
}

function firstHistory(hash: Hex, { genesis, retention }: LocalnetOptions): History {
  let state = EMPTY_STATE
  for (const input of genesis) {
    const call = adminCall.parse(input)
    const done = applyAdmin(state, call, 0)
    if ('error' in done) throw new FractalError('bad_genesis', `${call.name}: ${done.error}`)
    state = done.state
  }
  return new History({ number: 0, hash }, [], [{ since: 0, state }], retention)
}
