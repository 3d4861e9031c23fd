import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import type { Database } from '../../../ledger/database.js'
import { completeJob, failJob } from '../../../ledger/requests/jobs.js'
import {
  deleteOldEvents,
  deliveriesOf,
  getDelivery,
  insertTestEvent,
  markDeliveryStarted,
  recordDelivered,
  recordFailedAttempt,
  recordGone,
  unstartedDeliveries,
} from '../../../ledger/webhooks/deliveries.js'
import {
  deleteWebhook,
  getWebhook,
  insertWebhook,
  rotateSecret,
  signingSecrets,
  type WebhookEventType,
  type WebhookRow,
  webhooksOfKey,
} from '../../../ledger/webhooks/webhooks.js'
import { useDatabase } from '../../support/postgres.js'
import { newJob, newVerifier, uuid } from '../fixtures.js'

let keys = 0
/** A key that no other test uses. */
function newKey(): string {
  keys += 1
  return `key-${keys}`
}

const URL_TEXT = 'https://example.com/hook?token=1'

async function newWebhook(
  db: Database,
  apiKeyId: string,
  events: WebhookEventType[] = ['video.completed', 'video.failed'],
): Promise<WebhookRow> {
  const id = `whk_${randomBytes(12).toString('hex')}`
  const row = await insertWebhook(
    db,
    { id, apiKeyId, url: `${URL_TEXT}&of=${id}`, events, secret: randomBytes(32) },
    20,
  )
  assert.ok(typeof row !== 'string', String(row))
  return row
}

const ALL = { after: null, limit: 100 }
const completed = () => ({ winningRequestId: uuid(), warnings: [], keptMs: null })
const FAILED = { code: 'cancelled', message: 'cancelled' }

describe('ledger: webhooks', () => {
  const database = useDatabase()

  it('are of a key, so many at most, also when made concurrently', async () => {
    const { db } = database()
    const apiKeyId = newKey()
    const insert = (i: number) =>
      insertWebhook(
        db,
        {
          id: `whk_${randomBytes(12).toString('hex')}`,
          apiKeyId,
          url: `https://example.com/${i}`,
          events: ['video.failed'],
          secret: randomBytes(32),
        },
        3,
      )
    const made = await Promise.all([1, 2, 3, 4, 5, 6].map(insert))
    assert.equal(made.filter((row) => row !== 'full').length, 3)
    assert.equal((await webhooksOfKey(db, apiKeyId)).length, 3)
    assert.equal((await webhooksOfKey(db, newKey())).length, 0)
  })

  it('sign by the old secret beside the new one for a day', async () => {
    const { db } = database()
    const { id } = await newWebhook(db, newKey())
    const [first] = await signingSecrets(db, id)
    const second = randomBytes(32)
    const rotated = await rotateSecret(db, id, second, 3)
    assert.ok(rotated !== null && rotated !== 'full')
    const left = rotated.oldSecretUntil!.getTime() - Date.now()
    assert.ok(Math.abs(left - 86_400_000) < 60_000, `${left} ms`)
    assert.deepEqual(await signingSecrets(db, id), [second, first])
    assert.ok((await rotateSecret(db, id, randomBytes(32), 3)) !== 'full')
    assert.equal(await rotateSecret(db, id, randomBytes(32), 3), 'full')
    await db.execute(
      `UPDATE webhook_secrets SET expires_at = now() WHERE expires_at IS NOT NULL AND webhook_id = $1`,
      [id],
    )
    assert.equal((await signingSecrets(db, id)).length, 1)
    assert.equal((await getWebhook(db, id))!.oldSecretUntil, null)
    assert.equal(await rotateSecret(db, 'whk_000000000000000000000000', second, 3), null)
  })

  it('are notified of each end once, in the transaction that ends the job', async () => {
    const { db } = database()
    const verifier = newVerifier()
    const apiKeyId = newKey()
    const both = await newWebhook(db, apiKeyId)
    const failures = await newWebhook(db, apiKeyId, ['video.failed'])
    await newWebhook(db, newKey())
    const job = await newJob(db, verifier, { apiKeyId })
    const undone = new Error('undone')
    await assert.rejects(
      db.tx(async (tx) => {
        await completeJob(tx, job.id, completed())
        assert.equal((await deliveriesOf(tx, both.id, ALL)).length, 1)
        throw undone
      }),
      undone,
    )
    assert.deepEqual(await deliveriesOf(db, both.id, ALL), [], 'no end, no event')
    // Whoever ends it first, and however many try.
    await Promise.all(
      Array.from({ length: 12 }, (_, i) =>
        i % 2 === 0 ? completeJob(db, job.id, completed()) : failJob(db, job.id, FAILED),
      ),
    )
    const [delivery, ...others] = await deliveriesOf(db, both.id, ALL)
    assert.deepEqual(others, [])
    const ended = await db.query<{ status: string; completedAt: Date }>(
      'SELECT status, completed_at FROM jobs WHERE id = $1',
      [job.id],
    )
    assert.equal(delivery!.type, `video.${ended[0]!.status}`)
    assert.deepEqual(delivery!.happenedAt, ended[0]!.completedAt)
    assert.deepEqual(
      [delivery!.jobId, delivery!.state, delivery!.attempts, delivery!.nextTryAt],
      [job.id, 'pending', 0, null],
    )
    assert.match(delivery!.eventId, /^evt_[0-9a-f]{32}$/)
    const toFailures = await deliveriesOf(db, failures.id, ALL)
    assert.equal(toFailures.length, ended[0]!.status === 'failed' ? 1 : 0)
  })

  it('have one event id for all webhooks of a key', async () => {
    const { db } = database()
    const verifier = newVerifier()
    const apiKeyId = newKey()
    const webhooks = [await newWebhook(db, apiKeyId), await newWebhook(db, apiKeyId)]
    const job = await newJob(db, verifier, { apiKeyId })
    await failJob(db, job.id, FAILED)
    const waiting = await unstartedDeliveries(db, verifier, 10)
    assert.deepEqual(
      waiting.map((row) => row.webhookId).sort(),
      webhooks.map((row) => row.id).sort(),
    )
    assert.equal(new Set(waiting.map((row) => row.eventId)).size, 1)
    // Another verifier's worker has another Temporal.
    assert.deepEqual(await unstartedDeliveries(db, newVerifier(), 10), [])
    await markDeliveryStarted(db, waiting[0]!.eventId, waiting[0]!.webhookId)
    assert.deepEqual(await unstartedDeliveries(db, verifier, 10), waiting.slice(1))
  })

  it('never keep a job from ending, even while they are deleted', async () => {
    const { db } = database()
    const verifier = newVerifier()
    const apiKeyId = newKey()
    const jobs = await Promise.all(
      Array.from({ length: 8 }, () => newJob(db, verifier, { apiKeyId })),
    )
    const webhooks = await Promise.all(jobs.map(() => newWebhook(db, apiKeyId)))
    await Promise.all([
      ...jobs.map((job) => failJob(db, job.id, FAILED)),
      ...webhooks.map((webhook) => deleteWebhook(db, webhook.id)),
    ])
    const rows = await db.query('SELECT 1 FROM jobs WHERE api_key_id = $1 AND status = $2', [
      apiKeyId,
      'failed',
    ])
    assert.equal(rows.length, jobs.length)
    assert.deepEqual(await unstartedDeliveries(db, verifier, 10), [])
  })

  it('are disabled by 410, and by many failures in a row', async () => {
    const { db } = database()
    const verifier = newVerifier()
    const send = async (webhookId: string) => {
      const eventId = `evt_${randomBytes(16).toString('hex')}`
      assert.ok(await insertTestEvent(db, verifier, eventId, webhookId, 100))
      return { eventId, webhookId }
    }
    const last = { attempt: 10, status: 500, error: 'bad_status', nextTryMs: null }
    const { id } = await newWebhook(db, newKey())
    const onlyFails = { attempts: 3, hours: 24 }
    const fail = async () => recordFailedAttempt(db, await send(id), last, onlyFails)
    await fail()
    await fail()
    const taken = await send(id)
    await recordFailedAttempt(db, taken, { ...last, attempt: 1, nextTryMs: 5000 }, onlyFails)
    const waits = (await getDelivery(db, taken.eventId, id))!
    assert.deepEqual([waits.state, waits.attempts, waits.lastStatus], ['pending', 1, 500])
    assert.ok(waits.nextTryAt!.getTime() > Date.now())
    await recordDelivered(db, taken, { attempt: 2, status: 204 })
    const done = (await getDelivery(db, taken.eventId, id))!
    assert.deepEqual(
      [done.state, done.attempts, done.lastStatus, done.lastError, done.nextTryAt],
      ['delivered', 2, 204, null, null],
    )
    await recordFailedAttempt(db, taken, last, onlyFails)
    assert.equal((await getDelivery(db, taken.eventId, id))!.state, 'delivered', 'once is enough')
    // The row of failures began anew. Many within a moment disable nothing; nor does a long time alone.
    const again = { ...last, nextTryMs: 5000 }
    const tried = await send(id)
    await recordFailedAttempt(db, tried, { ...again, attempt: 1 }, onlyFails)
    await db.execute(
      `UPDATE webhooks SET failing_since = now() - interval '24 hours' WHERE id = $1`,
      [id],
    )
    const second = await recordFailedAttempt(db, tried, { ...again, attempt: 2 }, onlyFails)
    assert.equal(second.disabled, false, 'two attempts')
    // Attempts count, whether their event is given up or not; those that end at once are counted each.
    const sent = await Promise.all([send(id), send(id), send(id), send(id)])
    const ends = await Promise.all(
      sent.map((each) => recordFailedAttempt(db, each, { ...again, attempt: 1 }, onlyFails)),
    )
    assert.equal(ends.filter((end) => end.disabled).length, 1)
    assert.equal((await getWebhook(db, id))!.disabledReason, 'too_many_failures')
    assert.ok((await deliveriesOf(db, id, ALL)).every((row) => row.state !== 'pending'))

    const gone = await newWebhook(db, newKey())
    const [first, other] = [await send(gone.id), await send(gone.id)]
    await recordGone(db, first, 1)
    assert.equal((await getWebhook(db, gone.id))!.disabledReason, 'gone')
    const states = (await deliveriesOf(db, gone.id, ALL)).map((row) => [row.eventId, row.lastError])
    assert.deepEqual(Object.fromEntries(states), {
      [first.eventId]: 'gone',
      [other.eventId]: 'webhook_disabled',
    })
    const job = await newJob(db, verifier, { apiKeyId: gone.apiKeyId })
    await failJob(db, job.id, FAILED)
    assert.equal((await deliveriesOf(db, gone.id, ALL)).length, 2, 'nothing more')
  })

  it('show their deliveries newest first, in pages, and prune old ones', async () => {
    const { db } = database()
    const verifier = newVerifier()
    const { id } = await newWebhook(db, newKey())
    const ids: string[] = []
    for (let i = 0; i < 5; i += 1) {
      ids.unshift(`evt_${randomBytes(16).toString('hex')}`)
      await insertTestEvent(db, verifier, ids[0]!, id, 100)
    }
    const page = async (after: string | null, limit: number) =>
      (await deliveriesOf(db, id, { after, limit })).map((row) => row.eventId)
    assert.deepEqual(await page(null, 2), ids.slice(0, 2))
    assert.deepEqual(await page(ids[1]!, 10), ids.slice(2))
    assert.deepEqual(await page(`evt_${'0'.repeat(32)}`, 10), [])
    await recordDelivered(db, { eventId: ids[4]!, webhookId: id }, { attempt: 1, status: 200 })
    await db.execute(
      `UPDATE webhook_events SET created_at = now() - interval '31 days' WHERE id = ANY ($1)`,
      [[ids[3], ids[4]]],
    )
    assert.equal(await deleteOldEvents(db, 30, 10), 1)
    assert.deepEqual(await page(null, 10), ids.slice(0, 4), 'what is pending stays')
    assert.equal(await deleteWebhook(db, id), true)
    assert.deepEqual(await page(null, 10), [])
    assert.equal(await insertTestEvent(db, verifier, `evt_${'1'.repeat(32)}`, id, 100), null)
  })

  it('have so many deliveries under way at most', async () => {
    const { db } = database()
    const verifier = newVerifier()
    const apiKeyId = newKey()
    const { id } = await newWebhook(db, apiKeyId)
    const test = () =>
      insertTestEvent(db, verifier, `evt_${randomBytes(16).toString('hex')}`, id, 1_000)
    for (let i = 0; i < 100; i += 1) assert.ok(await test())
    assert.equal(await test(), 'full')
    const endOne = async () => {
      const job = await newJob(db, verifier, { apiKeyId })
      await failJob(db, job.id, FAILED)
      return (await deliveriesOf(db, id, ALL))[0]!
    }
    const dropped = await endOne()
    assert.deepEqual([dropped.state, dropped.lastError], ['failed', 'too_many_pending'])
    assert.equal((await unstartedDeliveries(db, verifier, 200)).length, 100)
    const [ended] = await unstartedDeliveries(db, verifier, 1)
    await recordDelivered(db, ended!, { attempt: 1, status: 200 })
    assert.equal((await getWebhook(db, id))!.pendingDeliveries, 99)
    assert.equal((await endOne()).state, 'pending')
  })
})
