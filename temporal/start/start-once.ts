import {
  type Client,
  type Workflow,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowStartOptions,
} from '@temporalio/client'

/** Starts a workflow with a unique id, unless one with this id was ever started, running or ended. */
export async function startOnce<T extends Workflow>(
  client: Client,
  type: string,
  options: WorkflowStartOptions<T>,
): Promise<void> {
  try {
    await client.workflow.start<T>(type, { ...options, workflowIdReusePolicy: 'REJECT_DUPLICATE' })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}
