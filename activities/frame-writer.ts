import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { Database } from '../ledger/database.js'
import { type FrameRow, putFrames } from '../ledger/frames.js'

const compress = promisify(deflate)

/**
 * Stores a request's frames as they come, without holding up who sends them: a slow ledger is never a
 * prover's failure. Frames that arrive while a write is under way go together with the next one.
 */
export class FrameWriter {
  readonly #db: Database
  readonly #requestId: string
  #waiting: { index: number; rgb: Uint8Array }[] = []
  #writing: Promise<void> | null = null

  constructor(db: Database, requestId: string) {
    this.#db = db
    this.#requestId = requestId
  }

  add(index: number, rgb: Uint8Array): void {
    this.#waiting.push({ index, rgb })
    // A failed write shows in `finished`; its frames come again with the replay.
    this.#writing ??= this.#drain()
    this.#writing.catch(() => undefined)
  }

  /** @throws LedgerError when a frame could not be stored */
  async finished(): Promise<void> {
    await this.#writing
  }

  /** Waits for what is under way, whatever comes of it. */
  async abandoned(): Promise<void> {
    this.#waiting = []
    await this.#writing?.catch(() => undefined)
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting
      this.#waiting = []
      const rows = await Promise.all(
        batch.map(
          // Deflated anew: a prover's own zlib bytes may be as large as its cap allows.
          async ({ index, rgb }): Promise<FrameRow> => ({
            index,
            zlib: await compress(rgb, { level: 1 }),
          }),
        ),
      )
      await putFrames(this.#db, this.#requestId, rows)
    }
    this.#writing = null
  }
}
