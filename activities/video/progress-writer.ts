import type { Database } from '../../ledger/database.js'
import { setProgress, setQueuePosition } from '../../ledger/requests/jobs.js'
import { BatchWriter } from '../shared/batch-writer.js'

/** A quick prover's first words are written together, or not at all: it is done by then. */
const LEAD_MS = 20
/** At most twenty updates per second. */
const PAUSE_MS = 50

type Note = { readonly percent: number } | { readonly position: number | null }

/**
 * Writes updates for a job's watchers: its position in the prover's queue, and its progress. The newest
 * update replaces pending ones, so that a fast prover costs few writes. They are only hints: an outage may
 * lose some.
 */
export class ProgressWriter {
  readonly #writer: BatchWriter<Note>

  constructor(db: Database, jobId: string) {
    this.#writer = new BatchWriter(
      async (notes) => {
        const percents = notes.flatMap((note) => ('percent' in note ? [note.percent] : []))
        const last = notes.at(-1)!
        try {
          // Progress means that nothing is ahead of it any more, so an earlier position is obsolete.
          if (percents.length > 0) await setProgress(db, jobId, Math.max(...percents))
          if ('position' in last) await setQueuePosition(db, jobId, last.position)
        } catch {
          // The next update will include it.
        }
      },
      { leadMs: LEAD_MS, pauseMs: PAUSE_MS },
    )
  }

  /** @param percent 0 to 99 */
  progress(percent: number): void {
    this.#writer.add({ percent })
  }

  /** @param position requests ahead of this one at its prover; null: another prover is being sought */
  position(position: number | null): void {
    this.#writer.add({ position })
  }

  written(): Promise<void> {
    return this.#writer.finished()
  }

  /** Drops what is queued, when the job is about to end: what comes after its end changes nothing. */
  drop(): void {
    void this.#writer.abandoned()
  }
}
