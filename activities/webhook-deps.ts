import type { Log } from '../base/log.js'
import type { Database } from '../ledger/database.js'
import type { WebhookPost } from '../wire/webhook-client.js'

/** What delivering webhooks needs. It holds no hotkey. */
export interface WebhookDeps {
  readonly db: Database
  /** Allows `http` and private addresses (development). */
  readonly allowPrivate: boolean
  readonly log: Log
  /** Replaces DNS, trusted certificates and deadlines in tests. */
  readonly network?: Pick<WebhookPost, 'resolve' | 'ca' | 'deadlines'>
}
