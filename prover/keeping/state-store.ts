import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hex } from '../../formats/bytes.js'
import { OPEN_WINDOW_MS } from '../../rules/constants.js'
import { BoundedFolder } from './bounded-folder.js'

/** The states of recent generations on disk, within a limit, so that any step can be opened. */
export class StateStore {
  private constructor(private readonly folder: BoundedFolder) {}

  static async open(path: string, maxBytes: number): Promise<StateStore> {
    return new StateStore(await BoundedFolder.open(path, maxBytes))
  }

  get bytes(): number {
    return this.folder.bytes
  }

  /** Begins to store the states of one generation. */
  async begin(): Promise<StateDraft> {
    // Older ones can no longer be opened.
    await this.folder.dropOlder(OPEN_WINDOW_MS)
    return new StateDraft(this.folder, await this.folder.draft())
  }

  async drop(key: Hex): Promise<void> {
    await this.folder.drop(key)
  }

  /** State i as raw bytes (formats.md); null if it is not stored (any more). */
  async read(key: Hex, i: number): Promise<Buffer | null> {
    const path = this.folder.pathOf(key)
    return path === null ? null : readFile(stateFile(path, i)).catch(() => null)
  }
}

/** States being written while their generation runs. */
export class StateDraft {
  bytes = 0

  constructor(
    private readonly folder: BoundedFolder,
    private readonly path: string,
  ) {}

  /**
   * Stores the tensors of state i, concatenated.
   * @returns false if this generation alone exceeds the limit: then nothing of it is stored
   */
  async add(i: number, tensors: readonly Float32Array[]): Promise<boolean> {
    const parts = tensors.map(float32Bytes)
    this.bytes += parts.reduce((sum, part) => sum + part.length, 0)
    if (this.bytes > this.folder.maxBytes) return false
    await writeFile(stateFile(this.path, i), parts, { mode: 0o600 })
    return true
  }

  async keep(key: Hex): Promise<void> {
    await this.folder.commit(key, this.path)
  }

  async discard(): Promise<void> {
    await this.folder.discard(this.path)
  }
}

function stateFile(folder: string, i: number): string {
  return join(folder, `state-${i}.f32`)
}

/** Little-endian float32, the order of every machine this runs on. */
function float32Bytes(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength)
}
