import type { Client } from '@temporalio/client'
import type { VerifierId } from '../ledger/verifier-id.js'
import { intervalWorkflowId } from './workflow-ids.js'

const DEADLINE_MS = 1_000
const STOPPED = ['FAILED', 'TERMINATED', 'TIMED_OUT', 'CANCELLED']

/**
 * Whether the workflow of an interval that is not final has ended anyway. A workflow that fails because the
 * ledger is down can't record that there, but Temporal knows. False if Temporal is down too.
 */
export async function isWorkflowStopped(
  { temporal, verifierId }: { temporal: Client; verifierId: VerifierId },
  n: number,
): Promise<boolean> {
  // gRPC deadlines use the wall clock.
  const deadline = Date.now() + DEADLINE_MS
  const workflowId = intervalWorkflowId(verifierId.netuid, verifierId.verifier, n)
  try {
    const { status } = await temporal.withDeadline(deadline, () =>
      temporal.workflow.getHandle(workflowId).describe(),
    )
    return STOPPED.includes(status.name)
  } catch {
    return false
  }
}
