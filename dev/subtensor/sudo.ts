import { createRequire } from 'node:module'
import type { ApiPromise } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import type { EventRecord } from '@polkadot/types/interfaces'
import { FractalError } from '../../base/errors.js'
import type { Block, DevChain } from './chain.js'
import type { StorageChanges, StorageHex } from './storage.js'

// In its CommonJS form for the reason in base/crypto.ts.
const { Keyring }: typeof import('@polkadot/keyring') = createRequire(import.meta.url)(
  '@polkadot/keyring',
)

export type Call = SubmittableExtrinsic<'promise'>

/** What of a block our extrinsic did. */
export interface SudoResult {
  readonly block: Block
  readonly events: readonly EventRecord['event'][]
}

/** Signs as //Alice, who is this chain's root, and puts what she signs into the next block. */
export class Sudo {
  readonly #chain: DevChain
  readonly #api: ApiPromise
  readonly #alice = new Keyring({ type: 'sr25519' }).addFromUri('//Alice')

  constructor(chain: DevChain, api: ApiPromise) {
    this.#chain = chain
    this.#api = api
  }

  /** The call as root. */
  root(call: Call): Call {
    return this.#api.tx.sudo!.sudo!(call)
  }

  /** The call as if this account had signed it. */
  as(address: string, call: Call): Call {
    return this.#api.tx.sudo!.sudoAs!(address, call)
  }

  /**
   * Runs the calls, all or none, in one block.
   * @param storage put in place before, in the same block
   * @throws FractalError `sudo_failed` with the chain's name for what a call did wrong
   */
  async run(calls: readonly Call[], storage: StorageChanges = []): Promise<SudoResult> {
    const call = this.#api.tx.utility!.batchAll!([...calls])
    const nonce = await this.#nonce()
    const signed = await call.signAsync(this.#alice, { nonce, era: 0 })
    const extrinsic = signed.toHex() as StorageHex
    const block = await this.#chain.newBlock({ storage, extrinsics: [extrinsic] })
    const index = block.extrinsics.indexOf(extrinsic)
    if (index < 0) throw sudoFailed('the block did not take the extrinsic')
    const events = await this.#eventsOf(block, index)
    for (const event of events) {
      const error = this.#errorIn(event)
      if (error !== null) throw sudoFailed(error)
    }
    return { block, events }
  }

  /** //Alice's, in the state: what she has in the pool is not counted, because ours goes first. */
  async #nonce(): Promise<number> {
    const account = await this.#api.query.system!.account!(this.#alice.address)
    return (account.toJSON() as { nonce: number }).nonce
  }

  async #eventsOf(block: Block, index: number): Promise<EventRecord['event'][]> {
    const at = await this.#api.at(block.hash)
    const records = (await at.query.system!.events!()) as unknown as EventRecord[]
    return records
      .filter(({ phase }) => phase.isApplyExtrinsic && phase.asApplyExtrinsic.eqn(index))
      .map(({ event }) => event)
  }

  /** Sudo hides what went wrong inside in an event of its own. */
  #errorIn(event: EventRecord['event']): string | null {
    const name = `${event.section}.${event.method}`
    if (name === 'system.ExtrinsicFailed') return this.#nameOf(event.data[0])
    if (name !== 'sudo.Sudid' && name !== 'sudo.SudoAsDone') return null
    const result = event.data[0] as unknown as { isErr: boolean; asErr: unknown }
    return result.isErr ? this.#nameOf(result.asErr) : null
  }

  #nameOf(dispatchError: unknown): string {
    const error = dispatchError as { isModule: boolean; asModule: never; toString(): string }
    return error.isModule ? this.#api.registry.findMetaError(error.asModule).name : String(error)
  }
}

function sudoFailed(name: string): FractalError {
  return new FractalError('sudo_failed', `the development chain refused: ${name}`, {
    details: { name },
  })
}
