import type { Database } from '../../ledger/database.js'
import { setProgress, setQueuePosition } from '../../ledger/requests/jobs.js'
import { BatchWriter } from '../shared/batch-writer.js'

/** At most twenty updates a second. */
const PAUSE_MS = 50

type Note = { readonly percent: number } | { readonly position: number | null }

/**
 * Updates for those who watch a job: its place in the prover's queue, and its progress. The newest replaces
 * those that wait, so that a quick prover costs few writes. Hints, all of them: an outage may lose one.
 */
export class ProgressWriter {
  readonly #writer: BatchWriter<Note>

  constructor(db: Database, jobId: string) {
    this.#writer = new BatchWriter(
      async (notes) => {
        const percents = notes.flatMap((note) => ('percent' in note ? [note.percent] : []))
        const last = notes.at(-1)!
        try {
          // Progress says that nobody is before it any more: a position from before it is past.
          if (percents.length > 0) await setProgress(db, jobId, Math.max(...percents))
          if ('position' in last) await setQueuePosition(db, jobId, last.position)
        } catch {
          // The next one says more.
        }
      },
      { pauseMs: PAUSE_MS },
    )
  }

  /** @param percent 0 to 99 */
  progress(percent: number): void {
    this.#writer.add({ percent })
  }

  /** @param position requests before this one at its prover; null: another prover is sought */
  position(position: number | null): void {
    this.#writer.add({ position })
  }

  written(): Promise<void> {
    return this.#writer.finished()
  }
}
