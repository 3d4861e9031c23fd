import type { Client } from '@temporalio/client'
import type { InferenceDeps } from '../../activities/inference-deps.js'
import { createFailVideo } from '../../activities/video/fail-video.js'
import { listSilent } from '../../ledger/requests/jobs.js'
import { resumeVideo } from '../../temporal/start/start-video.js'
import { videoWorkflowId } from '../../temporal/workflow-ids.js'
import { workflowState } from '../../temporal/workflow-state.js'
import { startPeriodic } from './periodic.js'

const INTERVAL_MS = 30_000
/** Jobs looked up in Temporal per tick. */
const BATCH_SIZE = 20
const SILENT_S = 60

/**
 * Looks after the jobs that no workflow will end. Those whose workflow an operator ended in Temporal fail: it
 * can't record that in the ledger. Those that Temporal lost go on, and so do those that it completed before
 * the ledger was restored from a backup.
 */
export function tendOrphanedVideos(
  deps: InferenceDeps,
  client: Client,
  { intervalMs = INTERVAL_MS, silentS = SILENT_S } = {},
): { stop: () => void } {
  let after = ''
  const tick = async () => {
    const ids = await listSilent(deps.db, deps.id, { after, limit: BATCH_SIZE, silentS })
    // Those that only wait must not hide others: the next tick continues after them.
    after = ids.length < BATCH_SIZE ? '' : ids.at(-1)!
    for (const jobId of ids) await tend(deps, client, jobId)
  }
  return startPeriodic(intervalMs, tick, deps.log, 'looking jobs up in Temporal failed; will retry')
}

async function tend(deps: InferenceDeps, client: Client, jobId: string): Promise<void> {
  const state = await workflowState(client, videoWorkflowId(jobId))
  if (state.kind === 'running' || state.kind === 'blocked') return
  const was = state.kind === 'ended' ? state.how : state.kind
  if (was === 'missing' || was === 'completed') {
    // Where it ended between the two questions, it finds everything done.
    await resumeVideo(client, jobId)
    deps.log.warn({ job: jobId, was }, 'resumed a job without a workflow')
    return
  }
  await createFailVideo(deps)({ jobId, code: 'stopped' })
  deps.log.warn({ job: jobId, was }, 'failed a job whose workflow was stopped in Temporal')
}
