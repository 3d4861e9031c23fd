import { withTypedFailures } from './failures.js'
import { createSendWebhook } from './send-webhook.js'
import type { WebhookDeps } from './webhook-deps.js'

/** What is run on the queue `webhooks`. */
export function createWebhookActivities(deps: WebhookDeps) {
  return { sendWebhook: withTypedFailures(createSendWebhook(deps), { always: true }) }
}

export type WebhookActivities = ReturnType<typeof createWebhookActivities>
