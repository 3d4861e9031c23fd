import { withTypedFailures } from './shared/typed-failures.js'
import type { WebhookDeps } from './webhook-deps.js'
import { createSendWebhook } from './webhooks/send-webhook.js'

/** All activities of the queue `webhooks`. */
export function createWebhookActivities(deps: WebhookDeps) {
  return { sendWebhook: withTypedFailures(createSendWebhook(deps), { always: true }) }
}

export type WebhookActivities = ReturnType<typeof createWebhookActivities>
