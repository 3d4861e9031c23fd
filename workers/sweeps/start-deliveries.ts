import { type Client, WorkflowExecutionAlreadyStartedError } from '@temporalio/client'
import type { Log } from '../../base/log.js'
import type { Database } from '../../ledger/database.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { markDeliveryStarted, unstartedDeliveries } from '../../ledger/webhooks/deliveries.js'
import { INFERENCE_QUEUE } from '../../temporal/task-queues.js'
import { webhookWorkflowId } from '../../temporal/workflow-ids.js'
import type { deliverWebhook } from '../../workflows/deliver-webhook.js'
import { startPeriodic } from './periodic.js'

const EVERY_MS = 1000
const AT_ONCE = 50

/**
 * Starts the workflow of every event that waits for one in the outbox: nothing else does, so that an
 * outage of Temporal loses none. A delivery's workflow id is its own, so that two workers start it once.
 */
export function startDeliveries(
  db: Database,
  id: VerifierId,
  client: Client,
  log: Log,
): { stop: () => void } {
  const look = async () => {
    for (const delivery of await unstartedDeliveries(db, id, AT_ONCE)) {
      await start(client, delivery)
      await markDeliveryStarted(db, delivery.eventId, delivery.webhookId)
    }
  }
  return startPeriodic(EVERY_MS, look, log, 'webhook events wait for their workflow; trying again')
}

async function start(
  client: Client,
  delivery: { eventId: string; webhookId: string },
): Promise<void> {
  try {
    await client.workflow.start<typeof deliverWebhook>('deliverWebhook', {
      workflowId: webhookWorkflowId(delivery.eventId, delivery.webhookId),
      taskQueue: INFERENCE_QUEUE,
      workflowIdReusePolicy: 'REJECT_DUPLICATE',
      args: [{ eventId: delivery.eventId, webhookId: delivery.webhookId }],
      staticSummary: 'an event to a webhook',
    })
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
  }
}
