import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import { INFERENCE_QUEUE, videoWorkflowId } from '../base/temporal-names.js'
import { markStarted } from '../ledger/jobs.js'
import type { ApiDeps } from './deps.js'

/** After it the inference worker sees to the job. */
const DEADLINE_MS = 2_000

/**
 * Starts the workflow of an accepted job. Its input is the job's id alone: a history is no place for
 * a prompt.
 * @returns false when Temporal did not take it: the job stays queued, and the inference worker starts
 * what has not been started
 */
export async function startVideo(deps: ApiDeps, jobId: string): Promise<boolean> {
  const { temporal, db, log } = deps
  try {
    await temporal.withDeadline(deps.now() + DEADLINE_MS, () =>
      temporal.workflow.start('generateVideo', {
        workflowId: videoWorkflowId(jobId),
        taskQueue: INFERENCE_QUEUE,
        args: [{ jobId }],
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        staticSummary: 'a user’s video',
      }),
    )
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) {
      log.warn({ job: jobId, reason: (error as Error).message }, 'start put off: Temporal is away')
      return false
    }
  }
  // Only spares the inference worker a look: a second start of the same id is refused.
  await markStarted(db, jobId).catch((error: Error) => {
    log.warn({ job: jobId, reason: error.message }, 'a started job could not be marked')
  })
  return true
}
