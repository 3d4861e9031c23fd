import type { Client } from '@temporalio/client'
import type { deliverWebhook } from '../workflows/deliver-webhook.js'
import { startOnce } from './start-once.js'
import { INFERENCE_QUEUE } from './task-queues.js'
import { webhookWorkflowId } from './workflow-ids.js'

/** Starts the workflow that delivers an event to a webhook, unless it was started. */
export async function startDelivery(
  client: Client,
  { eventId, webhookId }: { eventId: string; webhookId: string },
): Promise<void> {
  await startOnce<typeof deliverWebhook>(client, 'deliverWebhook', {
    workflowId: webhookWorkflowId(eventId, webhookId),
    taskQueue: INFERENCE_QUEUE,
    args: [{ eventId, webhookId }],
    staticSummary: 'an event to a webhook',
  })
}
