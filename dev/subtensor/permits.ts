import { compact, littleEndian, ScaleReader } from './scale.js'
import type { StorageChanges, StorageHex, StorageView } from './storage.js'

/**
 * Permits that a test wants. This build of the runtime gives one to every neuron in every block's
 * epoch, so they are put right after it, in each block.
 */
export class ForcedPermits {
  /** By the key of the subnet's ValidatorPermit, by uid. */
  readonly #wanted = new Map<StorageHex, Map<number, boolean>>()

  set(key: StorageHex, uid: number, permit: boolean): void {
    const wanted = this.#wanted.get(key) ?? new Map<number, boolean>()
    this.#wanted.set(key, wanted.set(uid, permit))
  }

  changes(state: StorageView): StorageChanges {
    return [...this.#wanted].map(([key, wanted]) => {
      const reader = new ScaleReader(state.get(key) ?? '0x00')
      const permits = reader.list(() => reader.byte() === 1)
      for (const [uid, permit] of wanted) if (uid < permits.length) permits[uid] = permit
      const items = permits.map((permit) => littleEndian(Number(permit), 1))
      return [key, `0x${compact(items.length)}${items.join('')}`]
    })
  }
}
