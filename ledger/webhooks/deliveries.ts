import type { Database, Queryable } from '../database.js'
import { firstOrNull } from '../rows.js'
import type { VerifierId } from '../verifier-id.js'
import type { DisabledReason, WebhookEventType } from './webhooks.js'

/** One event to one webhook. */
export interface DeliveryRow {
  /** `evt_` and 32 hex: the same in every attempt. */
  eventId: string
  webhookId: string
  type: WebhookEventType | 'webhook.test'
  /** Null for a test. */
  jobId: string | null
  /** When the event that it reports happened. */
  happenedAt: Date
  state: 'pending' | 'delivered' | 'failed'
  attempts: number
  lastStatus: number | null
  /** A class of failure; never what the receiver said. */
  lastError: string | null
  nextTryAt: Date | null
  /** Milliseconds until the next attempt, 0 if that time has passed; by the database's clock. */
  nextTryInMs: number | null
  endedAt: Date | null
  /** Milliseconds since its workflow was started, by the database's clock; null until that is recorded. */
  startedMsAgo: number | null
}

/** How an attempt ended; `nextTryMs` null: there will be no further attempt. */
export interface AttemptEnd {
  attempt: number
  status: number | null
  error: string | null
  nextTryMs: number | null
}

/** Maximum pending deliveries per webhook; the trigger on jobs has the same limit. */
const MOST_PENDING = 100

const COLUMNS = `d.event_id, d.webhook_id, e.type, e.job_id, e.created_at AS happened_at, d.state, d.attempts,
  d.last_status, d.last_error, d.next_try_at, d.ended_at,
  greatest(0, ceil(extract(epoch FROM d.next_try_at - clock_timestamp()) * 1000))::bigint AS next_try_in_ms,
  floor(extract(epoch FROM clock_timestamp() - d.workflow_started_at) * 1000)::bigint AS started_ms_ago`
const SOURCE = 'webhook_deliveries d JOIN webhook_events e ON e.id = d.event_id'

export async function getDelivery(
  db: Queryable,
  eventId: string,
  webhookId: string,
): Promise<DeliveryRow | null> {
  return firstOrNull(
    await db.query(`SELECT ${COLUMNS} FROM ${SOURCE} WHERE d.event_id = $1 AND d.webhook_id = $2`, [
      eventId,
      webhookId,
    ]),
  )
}

/** Newest first, those before the delivery of event `after`; empty if that is unknown. */
export async function deliveriesOf(
  db: Queryable,
  webhookId: string,
  { after, limit }: { after: string | null; limit: number },
): Promise<DeliveryRow[]> {
  return db.query(
    `SELECT ${COLUMNS} FROM ${SOURCE}
     WHERE d.webhook_id = $1 AND ($2::text IS NULL OR (d.created_at, d.event_id) <
       (SELECT created_at, event_id FROM webhook_deliveries WHERE webhook_id = $1 AND event_id = $2))
     ORDER BY d.created_at DESC, d.event_id DESC LIMIT $3`,
    [webhookId, after, limit],
  )
}

/**
 * Writes a test event for a webhook; it is delivered like any other.
 * @returns null if there is no such webhook, `often` if it had `mostAMinute` in the last minute, `full` if it
 * has the maximum number of pending deliveries
 */
export async function insertTestEvent(
  db: Database,
  id: VerifierId,
  eventId: string,
  webhookId: string,
  mostAMinute: number,
): Promise<DeliveryRow | 'often' | 'full' | null> {
  return db.tx(async (tx) => {
    if (!(await lockWebhook(tx, webhookId))) return null
    const recent = await tx.execute(
      `SELECT 1 FROM ${SOURCE}
       WHERE d.webhook_id = $1 AND d.created_at > now() - interval '1 minute' AND e.type = 'webhook.test'`,
      [webhookId],
    )
    if (recent >= mostAMinute) return 'often'
    const pending = await tx.execute(
      `SELECT 1 FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'pending' LIMIT $2`,
      [webhookId, MOST_PENDING],
    )
    if (pending >= MOST_PENDING) return 'full'
    await tx.execute(
      `INSERT INTO webhook_events (id, netuid, verifier, type) VALUES ($1, $2, $3, 'webhook.test')`,
      [eventId, id.netuid, id.verifier],
    )
    await tx.execute('INSERT INTO webhook_deliveries (event_id, webhook_id) VALUES ($1, $2)', [
      eventId,
      webhookId,
    ])
    return getDelivery(tx, eventId, webhookId)
  })
}

/** Deliveries of this verifier's events whose workflow was not recorded as started, oldest first. */
export async function unstartedDeliveries(
  db: Queryable,
  id: VerifierId,
  limit: number,
): Promise<{ eventId: string; webhookId: string }[]> {
  return db.query(
    `SELECT d.event_id, d.webhook_id FROM ${SOURCE}
     WHERE d.workflow_started_at IS NULL AND d.state = 'pending' AND e.netuid = $1 AND e.verifier = $2
     ORDER BY d.created_at, d.event_id LIMIT $3`,
    [id.netuid, id.verifier, limit],
  )
}

export async function markDeliveryStarted(
  db: Queryable,
  eventId: string,
  webhookId: string,
): Promise<void> {
  await db.execute(
    `UPDATE webhook_deliveries SET workflow_started_at = now()
     WHERE event_id = $1 AND webhook_id = $2 AND workflow_started_at IS NULL`,
    [eventId, webhookId],
  )
}

/**
 * Deliveries whose workflow was started and whose next attempt is overdue by `silentS` seconds, by event,
 * those after `after`.
 */
export async function lateDeliveries(
  db: Queryable,
  id: VerifierId,
  { after, limit, silentS }: { after: string; limit: number; silentS: number },
): Promise<{ eventId: string; webhookId: string }[]> {
  return db.query(
    `SELECT d.event_id, d.webhook_id FROM ${SOURCE}
     WHERE d.state = 'pending' AND e.netuid = $1 AND e.verifier = $2 AND d.event_id || d.webhook_id > $3
       AND coalesce(d.next_try_at, d.workflow_started_at) < clock_timestamp() - make_interval(secs => $5)
     ORDER BY d.event_id || d.webhook_id LIMIT $4`,
    [id.netuid, id.verifier, after, limit, silentS],
  )
}

/** Records that the receiver accepted it, once. */
export async function recordDelivered(
  db: Database,
  { eventId, webhookId }: { eventId: string; webhookId: string },
  { attempt, status }: { attempt: number; status: number },
): Promise<void> {
  await db.tx(async (tx) => {
    await lockWebhook(tx, webhookId)
    const ended = await tx.execute(
      `UPDATE webhook_deliveries SET state = 'delivered', attempts = $3, last_status = $4, last_error = NULL,
         next_try_at = NULL, ended_at = now()
       WHERE event_id = $1 AND webhook_id = $2 AND state = 'pending'`,
      [eventId, webhookId, attempt, status],
    )
    if (ended === 0) return
    await tx.execute(
      'UPDATE webhooks SET failures_in_a_row = 0, failing_since = NULL WHERE id = $1 AND failures_in_a_row > 0',
      [webhookId],
    )
  })
}

/**
 * When a failing webhook is disabled: after this many consecutive failed attempts, the first of them this
 * long ago.
 */
export interface FailureLimit {
  readonly attempts: number
  readonly hours: number
}

/**
 * Records a failed attempt. After the last one, the delivery is given up; a webhook that exceeds the limit is
 * disabled.
 * @returns whether it was disabled now
 */
export async function recordFailedAttempt(
  db: Database,
  { eventId, webhookId }: { eventId: string; webhookId: string },
  end: AttemptEnd,
  failureLimit: FailureLimit,
): Promise<{ disabled: boolean }> {
  return db.tx(async (tx) => {
    await lockWebhook(tx, webhookId)
    const noted = await tx.execute(
      `UPDATE webhook_deliveries SET attempts = $3, last_status = $4, last_error = $5,
         next_try_at = now() + make_interval(secs => $6::double precision / 1000),
         state = CASE WHEN $6::double precision IS NULL THEN 'failed' ELSE 'pending' END,
         ended_at = CASE WHEN $6::double precision IS NULL THEN now() END
       WHERE event_id = $1 AND webhook_id = $2 AND state = 'pending'`,
      [eventId, webhookId, end.attempt, end.status, end.error, end.nextTryMs],
    )
    if (noted === 0) return { disabled: false }
    const [row] = await tx.query<{ overLimit: boolean }>(
      `UPDATE webhooks SET failures_in_a_row = failures_in_a_row + 1, failing_since = coalesce(failing_since, now())
       WHERE id = $1
       RETURNING failures_in_a_row >= $2 AND failing_since <= now() - make_interval(hours => $3) AS over_limit`,
      [webhookId, failureLimit.attempts, failureLimit.hours],
    )
    if (row === undefined || !row.overLimit) return { disabled: false }
    return { disabled: await disable(tx, webhookId, 'too_many_failures') }
  })
}

/**
 * The receiver wants no more events (410): the webhook is disabled, and its pending deliveries are given up.
 */
export async function recordGone(
  db: Database,
  { eventId, webhookId }: { eventId: string; webhookId: string },
  attempt: number,
): Promise<void> {
  await db.tx(async (tx) => {
    await lockWebhook(tx, webhookId)
    await tx.execute(
      `UPDATE webhook_deliveries SET attempts = $3, last_status = 410, last_error = 'gone', state = 'failed',
         next_try_at = NULL, ended_at = now()
       WHERE event_id = $1 AND webhook_id = $2 AND state = 'pending'`,
      [eventId, webhookId, attempt],
    )
    await disable(tx, webhookId, 'gone')
  })
}

/**
 * Everything that writes both locks the webhook before its deliveries: otherwise two that end concurrently
 * could deadlock.
 */
async function lockWebhook(tx: Queryable, webhookId: string): Promise<boolean> {
  const sql = 'SELECT 1 FROM webhooks WHERE id = $1 FOR NO KEY UPDATE'
  return (await tx.execute(sql, [webhookId])) === 1
}

async function disable(tx: Queryable, webhookId: string, reason: DisabledReason): Promise<boolean> {
  const disabled = await tx.execute(
    'UPDATE webhooks SET disabled_at = now(), disabled_reason = $2 WHERE id = $1 AND disabled_at IS NULL',
    [webhookId, reason],
  )
  await giveUpPending(tx, webhookId)
  return disabled === 1
}

/** Gives up the pending deliveries of a disabled webhook. */
export async function giveUpPending(db: Queryable, webhookId: string): Promise<void> {
  await db.execute(
    `UPDATE webhook_deliveries SET state = 'failed', last_error = 'webhook_disabled', next_try_at = NULL, ended_at = now()
     WHERE webhook_id = $1 AND state = 'pending'`,
    [webhookId],
  )
}

/** Deletes events older than `days` that have no pending delivery, at most `most`. @returns how many */
export async function deleteOldEvents(db: Queryable, days: number, most: number): Promise<number> {
  return db.execute(
    `DELETE FROM webhook_events WHERE id IN (
       SELECT id FROM webhook_events e WHERE e.created_at < now() - make_interval(days => $1)
         AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.event_id = e.id AND d.state = 'pending')
       ORDER BY e.created_at LIMIT $2)`,
    [days, most],
  )
}
