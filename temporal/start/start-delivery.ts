import type { Client, WorkflowStartOptions } from '@temporalio/client'
import type { deliverWebhook } from '../../workflows/deliver-webhook.js'
import { INFERENCE_QUEUE } from '../task-queues.js'
import { webhookWorkflowId } from '../workflow-ids.js'
import { startOnce } from './start-once.js'

interface Delivery {
  readonly eventId: string
  readonly webhookId: string
}

/** Starts the workflow that delivers an event to a webhook, unless it was already started. */
export async function startDelivery(client: Client, delivery: Delivery): Promise<void> {
  await startOnce<typeof deliverWebhook>(client, 'deliverWebhook', optionsOf(delivery))
}

/** Starts it again to replace one that ended before the delivery; it continues with the next attempt. */
export async function resumeDelivery(client: Client, delivery: Delivery): Promise<void> {
  await client.workflow.start<typeof deliverWebhook>('deliverWebhook', {
    ...optionsOf(delivery),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  })
}

function optionsOf({ eventId, webhookId }: Delivery): WorkflowStartOptions<typeof deliverWebhook> {
  return {
    workflowId: webhookWorkflowId(eventId, webhookId),
    taskQueue: INFERENCE_QUEUE,
    args: [{ eventId, webhookId }],
    staticSummary: 'an event to a webhook',
  }
}
