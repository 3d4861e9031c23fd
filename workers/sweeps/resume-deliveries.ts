import type { Client } from '@temporalio/client'
import type { Log } from '../../base/log.js'
import type { Database } from '../../ledger/database.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { lateDeliveries } from '../../ledger/webhooks/deliveries.js'
import { resumeDelivery } from '../../temporal/start/start-delivery.js'
import { webhookWorkflowId } from '../../temporal/workflow-ids.js'
import { workflowState } from '../../temporal/workflow-state.js'
import { startPeriodic } from './periodic.js'

const INTERVAL_MS = 30_000
/** Deliveries looked up in Temporal per tick. */
const BATCH_SIZE = 20
/** Longer than an attempt takes, and its retry after a worker was killed. */
const SILENT_S = 180

/**
 * Resumes the deliveries whose workflow somebody ended in Temporal, or that Temporal lost: nothing else
 * would, and they would stay `pending` in the ledger.
 */
export function resumeDeliveries(
  deps: { db: Database; id: VerifierId; client: Client; log: Log },
  { intervalMs = INTERVAL_MS, silentS = SILENT_S } = {},
): { stop: () => void } {
  const { db, id, client, log } = deps
  let after = ''
  const tick = async () => {
    const late = await lateDeliveries(db, id, { after, limit: BATCH_SIZE, silentS })
    // Those that only wait for a worker must not hide others: the next tick continues after them.
    const last = late.length < BATCH_SIZE ? undefined : late.at(-1)
    after = last === undefined ? '' : last.eventId + last.webhookId
    for (const { eventId, webhookId } of late) {
      const state = await workflowState(client, webhookWorkflowId(eventId, webhookId))
      if (state.kind !== 'ended' && state.kind !== 'missing') continue
      await resumeDelivery(client, { eventId, webhookId })
      const was = state.kind === 'ended' ? state.how : state.kind
      log.warn({ event: eventId, webhook: webhookId, was }, 'resumed a delivery without a workflow')
    }
  }
  return startPeriodic(
    intervalMs,
    tick,
    log,
    'looking deliveries up in Temporal failed; will retry',
  )
}
