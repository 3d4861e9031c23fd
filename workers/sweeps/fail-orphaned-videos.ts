import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import type { InferenceDeps } from '../../activities/inference-deps.js'
import { createFailVideo } from '../../activities/video/fail-video.js'
import { listSilent } from '../../ledger/requests/jobs.js'
import { videoWorkflowId } from '../../temporal/workflow-ids.js'
import { startPeriodic } from './periodic.js'

const INTERVAL_MS = 30_000
/** Jobs looked up in Temporal per tick. */
const BATCH_SIZE = 20
const SILENT_S = 60
/** A workflow in one of these has ended. */
const CLOSED = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']

/**
 * Fails the jobs whose workflow an operator ended in Temporal: such a workflow can't record that in the
 * ledger.
 */
export function failOrphanedVideos(
  deps: InferenceDeps,
  client: Client,
  { intervalMs = INTERVAL_MS, silentS = SILENT_S } = {},
): { stop: () => void } {
  let after = ''
  const tick = async () => {
    const ids = await listSilent(deps.db, deps.id, { after, limit: BATCH_SIZE, silentS })
    // Those that only wait must not hide others: the next tick continues after them.
    after = ids.length < BATCH_SIZE ? '' : ids.at(-1)!
    for (const jobId of ids) {
      if (!(await isClosed(client, jobId))) continue
      await createFailVideo(deps)({ jobId, code: 'stopped' })
      deps.log.warn({ job: jobId }, 'failed a job whose workflow was stopped in Temporal')
    }
  }
  return startPeriodic(intervalMs, tick, deps.log, 'looking jobs up in Temporal failed; will retry')
}

async function isClosed(client: Client, jobId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(videoWorkflowId(jobId)).describe()
    return CLOSED.includes(status.name)
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return true
    throw error
  }
}
