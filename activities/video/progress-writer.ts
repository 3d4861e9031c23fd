import type { Queryable } from '../../ledger/database.js'
import { setProgress, setQueuePosition } from '../../ledger/requests/jobs.js'

/** What one attempt tells the watchers of its job; the newest update replaces those that were not written. */
export interface JobProgress {
  /** @param percent 0 to 99 */
  progress(percent: number): void
  /** @param position requests ahead of this one at its prover; null: another prover is being sought */
  position(position: number | null): void
  /** Writes what is left. */
  written(): Promise<void>
  /** Drops what is left, when the job is about to end: what comes after its end changes nothing. */
  drop(): void
}

/**
 * Writes updates for jobs' watchers: each job's position in its prover's queue, and its progress. They are only hints: an
 * outage may lose some.
 */
export class ProgressWriter {
  readonly #news = new Set<Notes>()

  constructor(private readonly db: Queryable) {}

  of(jobId: string): JobProgress {
    const notes = new Notes(this.db, jobId)
    return {
      progress: (percent) => {
        notes.progress(percent)
        this.#news.add(notes)
      },
      position: (position) => {
        notes.position(position)
        this.#news.add(notes)
      },
      written: () => {
        this.#news.delete(notes)
        return notes.write()
      },
      drop: () => {
        this.#news.delete(notes)
      },
    }
  }

  /** Writes what is new, but nothing of a job whose last write has not ended. */
  write(): void {
    for (const notes of this.#news) {
      if (notes.isWriting) continue
      this.#news.delete(notes)
      void notes.write()
    }
  }
}

class Notes {
  #percent: number | null = null
  #position: number | null | undefined
  #writing: Promise<void> | null = null

  constructor(
    private readonly db: Queryable,
    private readonly jobId: string,
  ) {}

  get isWriting(): boolean {
    return this.#writing !== null
  }

  /** Means that nothing is ahead of it any more, so an earlier position is obsolete. */
  progress(percent: number): void {
    this.#percent = Math.max(percent, this.#percent ?? 0)
    this.#position = undefined
  }

  position(position: number | null): void {
    this.#position = position
  }

  /** After the writes before it. Never rejects: the next update will include what was lost. */
  async write(): Promise<void> {
    while (this.#writing !== null) await this.#writing
    const [percent, position] = [this.#percent, this.#position]
    this.#percent = null
    this.#position = undefined
    this.#writing = this.#store(percent, position).catch(() => undefined)
    await this.#writing
    this.#writing = null
  }

  async #store(percent: number | null, position: number | null | undefined): Promise<void> {
    if (percent !== null) await setProgress(this.db, this.jobId, percent)
    if (position !== undefined) await setQueuePosition(this.db, this.jobId, position)
  }
}
