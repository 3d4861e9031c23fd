import type { Client } from '@temporalio/client'

/** temporal.api.enums.v1.CommandType */
const COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION = 5

/** A worker by hand: takes a workflow's first task and fails the workflow. */
export async function failWorkflow(client: Client, taskQueue: string): Promise<void> {
  const { namespace } = client.options
  const task = await client.withDeadline(Date.now() + 30_000, () =>
    client.workflowService.pollWorkflowTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      identity: 'test',
    }),
  )
  const failure = { message: 'the ledger was away', applicationFailureInfo: {} }
  await client.workflowService.respondWorkflowTaskCompleted({
    namespace,
    taskToken: task.taskToken,
    identity: 'test',
    commands: [
      {
        commandType: COMMAND_TYPE_FAIL_WORKFLOW_EXECUTION,
        failWorkflowExecutionCommandAttributes: { failure },
      },
    ],
  })
}
