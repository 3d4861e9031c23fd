import type { Client, WorkflowStartOptions } from '@temporalio/client'
import type { Log } from '../../base/log.js'
import type { Database } from '../../ledger/database.js'
import { markStarted } from '../../ledger/requests/jobs.js'
import type { generateVideo } from '../../workflows/generate-video.js'
import { INFERENCE_QUEUE } from '../task-queues.js'
import { videoWorkflowId } from '../workflow-ids.js'
import { startOnce } from './start-once.js'

/** How long a request waits for Temporal; after that, the inference worker starts the job. */
const DEADLINE_MS = 2_000

/** Its input is only the job's id: a prompt must not end up in the history. */
function optionsOf(jobId: string): WorkflowStartOptions<typeof generateVideo> {
  return {
    workflowId: videoWorkflowId(jobId),
    taskQueue: INFERENCE_QUEUE,
    args: [{ jobId }],
    staticSummary: 'a user’s video',
  }
}

async function startWorkflow(client: Client, jobId: string): Promise<void> {
  await startOnce<typeof generateVideo>(client, 'generateVideo', optionsOf(jobId))
}

/**
 * Starts it again where Temporal lost it, or completed it while the ledger, restored from a backup, does not
 * know its end. It continues with what is recorded of its attempts.
 */
export async function resumeVideo(client: Client, jobId: string): Promise<void> {
  await client.workflow.start<typeof generateVideo>('generateVideo', {
    ...optionsOf(jobId),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  })
}

/** Starts a job's workflow and marks the job started. @throws while Temporal or the ledger is down */
export async function startVideo(db: Database, client: Client, jobId: string): Promise<void> {
  await startWorkflow(client, jobId)
  await markStarted(db, jobId)
}

/**
 * The same for a request that a client waits for: never fails, and takes at most two seconds.
 * @returns false if Temporal did not accept it: the job stays queued, and the inference worker starts it
 * later
 */
export async function tryStartVideo(
  deps: { temporal: Client; db: Database; log: Log; now: () => number },
  jobId: string,
): Promise<boolean> {
  const { temporal, db, log } = deps
  try {
    await temporal.withDeadline(deps.now() + DEADLINE_MS, () => startWorkflow(temporal, jobId))
  } catch (error) {
    const reason = (error as Error).message
    log.warn({ job: jobId, reason }, 'start deferred: Temporal is unreachable')
    return false
  }
  // Only spares the inference worker a lookup: a second start of the same id is refused.
  await markStarted(db, jobId).catch((error: Error) => {
    log.warn({ job: jobId, reason: error.message }, 'a started job could not be marked')
  })
  return true
}
