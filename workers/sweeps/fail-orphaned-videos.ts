import { type Client, WorkflowNotFoundError } from '@temporalio/client'
import type { InferenceDeps } from '../../activities/inference-deps.js'
import { createFailVideo } from '../../activities/video/fail-video.js'
import { listSilent } from '../../ledger/requests/jobs.js'
import { videoWorkflowId } from '../../temporal/workflow-ids.js'
import { startPeriodic } from './periodic.js'

const EVERY_MS = 30_000
/** Temporal is asked for so many jobs at a time. */
const BATCH_SIZE = 20
const SILENT_S = 60
/** After these a workflow does nothing any more. */
const CLOSED = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT']

/** Fails the jobs whose workflow an operator ended in Temporal, which can't say so in the ledger. */
export function failOrphanedVideos(
  deps: InferenceDeps,
  client: Client,
  { everyMs = EVERY_MS, silentS = SILENT_S } = {},
): { stop: () => void } {
  let after = ''
  const tick = async () => {
    const ids = await listSilent(deps.db, deps.id, { after, limit: BATCH_SIZE, silentS })
    // Those that only wait must not hide others: the next tick goes on behind them.
    after = ids.length < BATCH_SIZE ? '' : ids.at(-1)!
    for (const jobId of ids) {
      if (!(await isClosed(client, jobId))) continue
      await createFailVideo(deps)({ jobId, code: 'stopped' })
      deps.log.warn({ job: jobId }, 'failed a job whose workflow was stopped in Temporal')
    }
  }
  return startPeriodic(everyMs, tick, deps.log, 'jobs were not looked up in Temporal; trying again')
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
