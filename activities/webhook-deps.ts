import type { Log } from '../base/log.js'
import type { Database } from '../ledger/database.js'
import type { WebhookPost } from '../wire/webhook-client.js'

/** What delivering webhooks needs: no key of the chain. */
export interface WebhookDeps {
  readonly db: Database
  /** Lets `http` and one's own machines pass (development). */
  readonly allowPrivate: boolean
  readonly log: Log
  /** What a test puts in place of DNS, trusted certificates and deadlines. */
  readonly network?: Pick<WebhookPost, 'resolve' | 'ca' | 'deadlines'>
}
