import type { Client } from '@temporalio/client'
import { FractalError } from '../base/errors.js'

/**
 * That this process can read what the others store: the summary of the loop of intervals, where one
 * runs. Without its key every task would fail, one after another, with this as the reason of each.
 * @throws FractalError `payload_key_missing`, `payload_damaged`
 */
export async function assertReadable(client: Client): Promise<void> {
  const query = "WorkflowType = 'intervalLoop' AND ExecutionStatus = 'Running'"
  try {
    for await (const { workflowId } of client.workflow.list({ query, pageSize: 1 })) {
      const { staticSummary } = await client.workflow.getHandle(workflowId).describe()
      await staticSummary()
      return
    }
  } catch (error) {
    if (error instanceof FractalError) throw error
    // A Temporal that can't answer this now is found out by whoever needs it.
  }
}
