import type { Log } from '../../base/log.js'
import type { Options } from '../../base/options/options.js'
import type { Database } from '../../ledger/database.js'
import { deleteOldIdempotencyKeys } from '../../ledger/requests/idempotency.js'
import {
  deleteExpiredContents,
  pruneInterval,
  pruneVideos,
  removeChallengeFrames,
  removeDeletedFrames,
} from '../../ledger/requests/retention.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { deleteOldEvents } from '../../ledger/webhooks/deliveries.js'
import { startPeriodic } from './periodic.js'

export const RETENTION_OPTIONS = ['retention.videos_days', 'retention.records_days'] as const

/** How long events can be looked up. */
const EVENTS_DAYS = 30
const INTERVAL_MS = 3_600_000
const POLL_MS = 5_000

/** How much a statement takes: a backlog takes more statements, not one that never ends in time. */
export interface BatchSizes {
  readonly rows: number
  /** Each with its files and frames. */
  readonly videos: number
}
const BATCH_SIZES: BatchSizes = { rows: 1_000, videos: 20 }

/** Days; 0: for ever. */
export interface Retention {
  readonly videosDays: number
  readonly recordsDays: number
}

/**
 * Deletes what has expired or was kept for long enough: once an hour; a failed run is due again
 * immediately. Several workers may run it concurrently: each takes rows that the others have not locked.
 */
export class RetentionSweep {
  #doneAt = Number.NEGATIVE_INFINITY
  #stopped = false

  constructor(
    private readonly db: Database,
    private readonly id: VerifierId,
    private readonly retention: Retention,
    /** Milliseconds of a monotonic clock. */
    private readonly now: () => number,
    private readonly batch: BatchSizes = BATCH_SIZES,
  ) {}

  stop(): void {
    this.#stopped = true
  }

  /** @throws LedgerError */
  async whenDue(): Promise<void> {
    if (this.now() - this.#doneAt < INTERVAL_MS) return
    const { db, id, batch } = this
    const { videosDays, recordsDays } = this.retention
    const all = async (most: number, some: (most: number) => Promise<number>) =>
      this.#while(async () => (await some(most)) === most)
    await all(batch.rows, (most) => deleteOldEvents(db, EVENTS_DAYS, most))
    await all(batch.rows, (most) => deleteOldIdempotencyKeys(db, most))
    await all(batch.videos, (most) => deleteExpiredContents(db, id, most))
    await all(batch.videos, (most) => removeDeletedFrames(db, id, most))
    // First: what is evidence of a cheat goes with the record.
    if (recordsDays > 0) {
      await this.#while(async () => (await pruneInterval(db, id, recordsDays)) !== null)
    }
    if (videosDays > 0) {
      await all(batch.videos, (most) => pruneVideos(db, id, videosDays, most))
      await this.#while(() => removeChallengeFrames(db, id, videosDays, batch.videos))
    }
    if (!this.#stopped) this.#doneAt = this.now()
  }

  async #while(more: () => Promise<boolean>): Promise<void> {
    while (!this.#stopped && (await more()));
  }
}

/** Runs the retention sweep for as long as this worker runs. */
export function startRetentionSweep(
  db: Database,
  id: VerifierId,
  options: Options<(typeof RETENTION_OPTIONS)[number]>,
  log: Log,
): { stop: () => void } {
  const retention = {
    videosDays: options['retention.videos_days'],
    recordsDays: options['retention.records_days'],
  }
  const sweep = new RetentionSweep(db, id, retention, () => performance.now())
  const failure = 'retention sweep failed; will retry'
  const timer = startPeriodic(POLL_MS, () => sweep.whenDue(), log, failure)
  return {
    stop: () => {
      timer.stop()
      sweep.stop()
    },
  }
}
