import type { Client } from '@temporalio/client'
import { FractalError } from '../base/errors.js'

/**
 * Asserts that this process can read what the others store, by reading the summary of the interval loop, if
 * one runs. Without the key, every single task would fail for this reason.
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
    // If Temporal can't answer this now, whatever needs it will report that.
  }
}
