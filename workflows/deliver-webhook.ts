import { proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow'
import type { WebhookActivities } from '../activities/webhook-activities.js'

export interface DeliveryInput {
  readonly eventId: string
  readonly webhookId: string
  /** Seconds before each attempt; in place of the ladder's, so that tests can be quick. */
  readonly waits?: readonly number[]
}

const MINUTE = 60
const HOUR = 60 * MINUTE
/** The ladder of the Standard Webhooks convention: ten attempts over three days. */
const LADDER_SECONDS = [
  0,
  5,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
]
/** A wait is longer or shorter by up to so much, so that those who failed together don't come back together. */
const JITTER = 0.1

/** One event to one webhook, until it is delivered or given up. History has ids only. */
export async function deliverWebhook(input: DeliveryInput): Promise<{ state: string }> {
  const { eventId, webhookId, waits = LADDER_SECONDS } = input
  const act = proxyActivities<WebhookActivities>({
    // A queue of its own: receivers that are slow take no place of users' videos.
    taskQueue: 'webhooks',
    // An attempt ends itself after 20 s; this one ends a worker that was killed.
    startToCloseTimeout: '1 minute',
    // For ever: what fails here is the ledger, or a receiver that is busy with other events.
    retry: { initialInterval: '1 s', backoffCoefficient: 2, maximumInterval: '30 s' },
  })
  for (let attempt = 1; ; attempt += 1) {
    const next = waits[attempt]
    const jitter = 1 - JITTER + 2 * JITTER * Math.random()
    const nextTryMs = next === undefined ? null : Math.round(next * 1000 * jitter)
    const { state, reason, waitMs } = await act.sendWebhook.executeWithOptions(
      { summary: `attempt ${attempt}` },
      [{ eventId, webhookId, attempt, nextTryMs }],
    )
    setCurrentDetails(`attempt ${attempt}: ${state} ${reason}`)
    if (state !== 'pending') return { state }
    await sleep(waitMs)
  }
}
