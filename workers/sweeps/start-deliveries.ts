import type { Client } from '@temporalio/client'
import type { Log } from '../../base/log.js'
import type { Database } from '../../ledger/database.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { markDeliveryStarted, unstartedDeliveries } from '../../ledger/webhooks/deliveries.js'
import { startDelivery } from '../../temporal/start/start-delivery.js'
import { startPeriodic } from './periodic.js'

const INTERVAL_MS = 1000
const BATCH_SIZE = 50

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
  const startPending = async () => {
    for (const delivery of await unstartedDeliveries(db, id, BATCH_SIZE)) {
      await startDelivery(client, delivery)
      await markDeliveryStarted(db, delivery.eventId, delivery.webhookId)
    }
  }
  return startPeriodic(
    INTERVAL_MS,
    startPending,
    log,
    'starting webhook deliveries failed; will retry',
  )
}
