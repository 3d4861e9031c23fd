import type { Client } from '@temporalio/client'
import type { Log } from '../../base/log.js'
import type { Database } from '../../ledger/database.js'
import { listUnstarted } from '../../ledger/requests/jobs.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { startVideo } from '../../temporal/start/start-video.js'
import { startPeriodic } from './periodic.js'

const INTERVAL_MS = 2000
/** Younger jobs may be just about to be started by the API. */
const OLDER_THAN_MS = 3000
const BATCH_SIZE = 50

/**
 * Starts the jobs that the API accepted while Temporal was down, and those whose direct run stopped:
 * accepted is accepted. A job's workflow id is its own, so that two workers start it once.
 */
export function startPendingVideos(
  db: Database,
  id: VerifierId,
  client: Client,
  log: Log,
): { stop: () => void } {
  const work = async () => {
    for (const job of await listUnstarted(db, id, {
      olderThanMs: OLDER_THAN_MS,
      limit: BATCH_SIZE,
    })) {
      await startVideo(db, client, job.id)
      log.info({ job: job.id }, 'started a pending video')
    }
  }
  const failure = 'starting pending videos failed; will retry'
  return startPeriodic(INTERVAL_MS, work, log, failure)
}
