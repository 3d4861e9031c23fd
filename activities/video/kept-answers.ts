import { messageOf } from '../../base/errors.js'
import type { AttemptRow } from '../../ledger/requests/attempts.js'
import { completeJob, type JobFiles, type JobRow } from '../../ledger/requests/jobs.js'
import type { InferenceDeps } from '../inference-deps.js'
import { completion, makeFiles } from './video-files.js'

interface KeptAnswer {
  readonly framesSha256: string
  /** Null if they could not be made. */
  readonly files: Promise<JobFiles | null>
}

/**
 * The answers of an attempt, whose files are made while the ledger records their outcomes: so that nothing is
 * read back, inflated and hashed again before a user has the video.
 */
export class KeptAnswers {
  readonly #answers = new Map<string, KeptAnswer>()

  constructor(
    private readonly deps: Pick<InferenceDeps, 'db' | 'log'>,
    private readonly job: JobRow,
  ) {}

  /** Begins to make the files of an answer. @param frames RGB, in order */
  add(requestId: string, framesSha256: string, frames: readonly Uint8Array[]): void {
    const files = makeFiles(this.job, frames).catch((error: unknown) => {
      const { id: job } = this.job
      this.deps.log.warn({ job, reason: messageOf(error) }, 'the files of a video were not made')
      return null
    })
    this.#answers.set(requestId, { framesSha256, files })
  }

  /**
   * Completes the job with the answer that the ledger has, if that is one of these.
   * @returns whether it has ended: if not, it is finished from the stored frames
   */
  async complete(rows: readonly AttemptRow[]): Promise<boolean> {
    const winner = rows.find(({ outcome }) => outcome === 'success')
    if (winner === undefined) return false
    const kept = this.#answers.get(winner.requestId)
    // Another worker may have recorded another answer of the same prover.
    if (kept?.framesSha256 !== winner.framesSha256) return false
    const files = await kept.files
    if (files === null) return false
    await completeJob(this.deps.db, this.job.id, completion(winner, files))
    return true
  }
}
