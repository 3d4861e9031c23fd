import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Name prefix of incomplete entries; leftovers of a killed process are removed at startup. */
const UNFINISHED = '.tmp-'

interface Entry {
  bytes: number
  /** By `performance.now()`: the clock may be set meanwhile, and what was kept just now must not look old. */
  sinceMs: number
}

/**
 * A folder of entries (folders named by a key) with a limit in bytes: the oldest are dropped first. An entry
 * is written under a temporary name and renamed when complete, so whatever has its final name is complete,
 * even after a kill -9.
 */
export class BoundedFolder {
  /** Oldest first. */
  private readonly entries = new Map<string, Entry>()
  private total = 0
  private drafts = 0
  /** Drafts that could not be removed: tried again, because nothing here may use space uncounted. */
  private readonly leftovers = new Set<string>()

  private constructor(
    private readonly path: string,
    readonly maxBytes: number,
  ) {}

  /** Opens the folder, creating it if missing, and finds the entries of an earlier process. */
  static async open(path: string, maxBytes: number): Promise<BoundedFolder> {
    await mkdir(path, { recursive: true, mode: 0o700 })
    const folder = new BoundedFolder(path, maxBytes)
    const found: { key: string; bytes: number; ageMs: number }[] = []
    const nowMs = Date.now()
    for (const name of await readdir(path)) {
      if (name.startsWith(UNFINISHED)) {
        await rm(join(path, name), { recursive: true, force: true })
      } else {
        const { mtimeMs } = await stat(join(path, name))
        const bytes = await measure(join(path, name))
        found.push({ key: name, bytes, ageMs: nowMs - mtimeMs })
      }
    }
    found.sort((a, b) => b.ageMs - a.ageMs)
    for (const { key, bytes, ageMs } of found) folder.add(key, bytes, ageMs)
    await folder.evict()
    return folder
  }

  /** Bytes stored. */
  get bytes(): number {
    return this.total
  }

  keys(): string[] {
    return [...this.entries.keys()]
  }

  /** The folder of an entry, or null if there is none (any more). */
  pathOf(key: string): string | null {
    return this.entries.has(key) ? join(this.path, key) : null
  }

  /** A new temporary folder to write an entry in, to be committed or discarded. */
  async draft(): Promise<string> {
    for (const leftover of this.leftovers) await this.discard(leftover)
    const path = this.temporary()
    await mkdir(path, { mode: 0o700 })
    return path
  }

  /**
   * Makes a draft the entry of `key`, replacing an older one, and drops the oldest entries beyond the limit.
   */
  async commit(key: string, draft: string): Promise<void> {
    await this.drop(key)
    const bytes = await measure(draft)
    await rename(draft, join(this.path, key))
    this.add(key, bytes, 0)
    await this.evict()
  }

  /** Removes a draft; never throws. */
  async discard(draft: string): Promise<void> {
    this.leftovers.add(draft)
    await rm(draft, { recursive: true, force: true }).then(
      () => this.leftovers.delete(draft),
      () => {},
    )
  }

  async drop(key: string): Promise<void> {
    const entry = this.entries.get(key)
    if (entry === undefined) return
    this.entries.delete(key)
    this.total -= entry.bytes
    const dropped = this.temporary()
    await rename(join(this.path, key), dropped).catch(() => {})
    await this.discard(dropped)
  }

  /** Drops what was committed longer ago than this. */
  async dropOlder(ms: number): Promise<void> {
    const beforeMs = performance.now() - ms
    for (const [key, entry] of [...this.entries]) {
      if (entry.sinceMs < beforeMs) await this.drop(key)
    }
  }

  private temporary(): string {
    return join(this.path, `${UNFINISHED}${process.pid}-${this.drafts++}`)
  }

  private add(key: string, bytes: number, ageMs: number): void {
    this.entries.set(key, { bytes, sinceMs: performance.now() - ageMs })
    this.total += bytes
  }

  private async evict(): Promise<void> {
    for (const key of this.keys()) {
      if (this.total <= this.maxBytes) return
      await this.drop(key)
    }
  }
}

async function measure(path: string): Promise<number> {
  const sizes = await Promise.all(
    (await readdir(path)).map(async (name) => (await stat(join(path, name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
