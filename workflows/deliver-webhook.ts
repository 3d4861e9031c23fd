import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow'
import type { WebhookActivities } from '../activities/webhook-activities.js'
import { WEBHOOK_RETRY_DELAYS, withJitter } from '../rules/gateway/webhook-retries.js'
import { WEBHOOK_QUEUE } from '../temporal/task-queues.js'

export interface DeliveryInput {
  readonly eventId: string
  readonly webhookId: string
  /** Seconds before each attempt, replacing the schedule in tests. */
  readonly waits?: readonly number[]
}

/** Delivers one event to one webhook, until it is delivered or given up. The history only has ids. */
export async function deliverWebhook(input: DeliveryInput): Promise<{ state: string }> {
  const { eventId, webhookId, waits = WEBHOOK_RETRY_DELAYS } = input
  const act = proxyActivities<WebhookActivities>({
    // A separate queue, so that slow receivers don't take the place of users' videos.
    taskQueue: WEBHOOK_QUEUE,
    // An attempt ends itself after 20 s; this timeout is for a worker that was killed.
    startToCloseTimeout: '1 minute',
    // Retries forever: only the ledger fails here, or a receiver that is busy with other events.
    retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
  })
  for (let attempt = 1; ; attempt += 1) {
    const next = waits[attempt]
    const nextTryMs = next === undefined ? null : withJitter(next, Math.random())
    const { state, reason, waitMs } = await act.sendWebhook.executeWithOptions(
      { summary: `attempt ${attempt}` },
      [{ eventId, webhookId, attempt, nextTryMs }],
    )
    setCurrentDetails(`attempt ${attempt}: ${state} ${reason}`)
    if (state !== 'pending') return { state }
    await sleep(waitMs)
  }
}
