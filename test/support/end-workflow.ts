import type { Client } from '@temporalio/client'

/** Of temporal.api.enums.v1.CommandType. */
const COMPLETE_WORKFLOW_EXECUTION = 4
const FAIL_WORKFLOW_EXECUTION = 5

/** A worker by hand: takes a workflow's first task and fails the workflow. */
export async function failWorkflow(client: Client, taskQueue: string): Promise<void> {
  const failure = { message: 'the ledger was away', applicationFailureInfo: {} }
  await endWorkflow(client, taskQueue, {
    commandType: FAIL_WORKFLOW_EXECUTION,
    failWorkflowExecutionCommandAttributes: { failure },
  })
}

/** A worker by hand: takes a workflow's first task and completes the workflow. */
export async function completeWorkflow(client: Client, taskQueue: string): Promise<void> {
  await endWorkflow(client, taskQueue, {
    commandType: COMPLETE_WORKFLOW_EXECUTION,
    completeWorkflowExecutionCommandAttributes: {},
  })
}

async function endWorkflow(client: Client, taskQueue: string, command: object): Promise<void> {
  const { namespace } = client.options
  const task = await client.withDeadline(Date.now() + 30_000, () =>
    client.workflowService.pollWorkflowTaskQueue({
      namespace,
      taskQueue: { name: taskQueue },
      identity: 'test',
    }),
  )
  await client.workflowService.respondWorkflowTaskCompleted({
    namespace,
    taskToken: task.taskToken,
    identity: 'test',
    commands: [command],
  })
}
