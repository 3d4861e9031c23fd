import type { StorageChanges, StorageHex, StorageView } from './storage.js'

interface Version {
  /** Number of the block that wrote it. */
  readonly block: number
  readonly value: StorageHex | null
}

/** The chain's storage at every block that is kept. There are no forks, so a block's number is enough. */
export class StorageHistory {
  readonly #versions = new Map<StorageHex, Version[]>()
  #sorted: StorageHex[] | null = null
  /** Keys with more than one version: what pruning has to look at. */
  readonly #rewritten = new Set<StorageHex>()

  write(block: number, changes: StorageChanges): void {
    for (const [key, value] of changes) {
      const versions = this.#versions.get(key)
      if (versions === undefined) {
        this.#versions.set(key, [{ block, value }])
        this.#sorted = null
        continue
      }
      if (versions.at(-1)!.block === block) versions.pop()
      versions.push({ block, value })
      if (versions.length > 1 || value === null) this.#rewritten.add(key)
    }
  }

  /** Takes back what was written at this block. */
  revert(block: number): void {
    for (const [key, versions] of this.#versions) {
      if (versions.at(-1)?.block === block) versions.pop()
      if (versions.length === 0) this.#versions.delete(key)
    }
    this.#sorted = null
  }

  /** Forgets what only blocks before this one could see. */
  prune(before: number): void {
    for (const key of this.#rewritten) {
      const versions = this.#versions.get(key) ?? []
      const first = versions.findLastIndex((version) => version.block <= before)
      if (first > 0) versions.splice(0, first)
      if (versions.length > 1) continue
      this.#rewritten.delete(key)
      if (versions[0]?.value === null && versions[0].block <= before) {
        this.#versions.delete(key)
        this.#sorted = null
      }
    }
  }

  /** The storage as it was after this block. */
  at(block: number): StorageView {
    const get = (key: StorageHex) => this.#get(key, block)
    const keys = (prefix: StorageHex, after: StorageHex | null, count: number) => {
      const found: StorageHex[] = []
      const sorted = this.#keys()
      const start = after === null || after < prefix ? prefix : after
      for (let i = firstNotBefore(sorted, start); i < sorted.length && found.length < count; i++) {
        const key = sorted[i]!
        if (!key.startsWith(prefix)) break
        if (key !== after && get(key) !== undefined) found.push(key)
      }
      return found
    }
    return { get, keys, keyAfter: (prefix, key) => keys(prefix, key, 1)[0] }
  }

  #get(key: StorageHex, block: number): StorageHex | undefined {
    return (
      this.#versions.get(key)?.findLast((version) => version.block <= block)?.value ?? undefined
    )
  }

  #keys(): StorageHex[] {
    this.#sorted ??= [...this.#versions.keys()].sort()
    return this.#sorted
  }
}

/** Position of the first key that is not before this one. */
function firstNotBefore(sorted: readonly StorageHex[], key: StorageHex): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sorted[middle]! < key) low = middle + 1
    else high = middle
  }
  return low
}
