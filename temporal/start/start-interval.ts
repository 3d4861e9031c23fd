import type { Client, WorkflowStartOptions } from '@temporalio/client'
import type { IntervalInput, verifyInterval } from '../../workflows/verify-interval.js'
import { intervalNoKey, netuidKey, phaseKey } from '../search-attributes.js'
import { VERIFIER_QUEUE } from '../task-queues.js'
import { intervalWorkflowId } from '../workflow-ids.js'
import { startOnce } from './start-once.js'

/**
 * Starts an interval's workflow to replace one that Temporal has lost: it reads what is recorded and
 * continues from there. (Normally the loop starts them, as its children.)
 */
export async function startInterval(client: Client, input: IntervalInput): Promise<void> {
  await startOnce<typeof verifyInterval>(client, 'verifyInterval', optionsOf(input))
}

/** The same where Temporal has an ended workflow of it: another run, unless one is running. */
export async function resumeInterval(client: Client, input: IntervalInput): Promise<void> {
  await client.workflow.start<typeof verifyInterval>('verifyInterval', {
    ...optionsOf(input),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  })
}

function optionsOf(input: IntervalInput): WorkflowStartOptions<typeof verifyInterval> {
  const { netuid, verifier, n, firstBlock, length } = input
  return {
    workflowId: intervalWorkflowId(netuid, verifier, n),
    taskQueue: VERIFIER_QUEUE,
    typedSearchAttributes: [
      { key: netuidKey, value: netuid },
      { key: intervalNoKey, value: n },
      { key: phaseKey, value: 'open' },
    ],
    staticSummary: `interval ${n}: blocks ${firstBlock} to ${firstBlock + length - 1}`,
    args: [input],
  }
}
