import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { Writable } from 'node:stream'
import type { WorkflowHandle } from '@temporalio/client'
import { Worker } from '@temporalio/worker'
import OpenAI from 'openai'
import { pino } from 'pino'
import { Webhook } from 'standardwebhooks'
import { webhookSecretText } from '../../base/auth/webhook-signature.js'
import { TEMPORAL_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { completeJob } from '../../ledger/requests/jobs.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { deliveriesOf, getDelivery, insertTestEvent } from '../../ledger/webhooks/deliveries.js'
import {
  deleteWebhook,
  getWebhook,
  insertWebhook,
  rotateSecret,
} from '../../ledger/webhooks/webhooks.js'
import { connectTemporal, type TemporalLink } from '../../temporal/connection.js'
import { INFERENCE_QUEUE } from '../../temporal/task-queues.js'
import { workflowBundle } from '../../temporal/workflow-bundle.js'
import { webhookWorkflowId } from '../../temporal/workflow-ids.js'
import { deliverWebhooks } from '../../workers/inference/deliver-webhooks.js'
import { resumeDeliveries } from '../../workers/sweeps/resume-deliveries.js'
import { newJob, newVerifier, uuid } from '../ledger/fixtures.js'
import { useDatabase } from '../support/postgres.js'
import { type Answering, RECEIVER_CA, type Receiver, startReceiver } from '../support/receiver.js'
import { makeNamespace, useTemporal } from '../support/temporal.js'
import { until } from '../support/until.js'

const SECRET = randomBytes(32)
const QUICK = [0, 0.01, 0.01]

describe('delivering webhooks', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const temporal = useTemporal()
  /** Whose events the sweeps of both workers start. */
  const id = newVerifier()
  const logged: string[] = []
  const sink = new Writable({
    write: (line, _encoding, done) => {
      logged.push(String(line))
      done()
    },
  })
  const log = pino({ level: 'trace' }, sink)
  const receivers: Receiver[] = []
  const links: TemporalLink[] = []
  const stops: (() => Promise<unknown>)[] = []
  let link: TemporalLink
  let namespace: string
  const options = () =>
    resolveOptions(
      TEMPORAL_OPTIONS,
      { 'temporal.address': temporal().address, 'temporal.namespace': namespace },
      {},
    )

  /** Two of what an inference worker runs. */
  const startWorkers = async () => {
    const { code } = await workflowBundle(log)
    for (let i = 0; i < 2; i += 1) {
      // Each with a connection of its own, as in processes of their own.
      const own = await connectTemporal(options(), log)
      links.push(own)
      const workflows = await Worker.create({
        connection: own.worker,
        namespace: link.namespace,
        taskQueue: INFERENCE_QUEUE,
        workflowBundle: { code },
      })
      const run = workflows.run()
      const delivering = await deliverWebhooks({
        id,
        db: database().db,
        temporal: own,
        allowPrivate: true,
        log,
        network: { ca: RECEIVER_CA, deadlines: { wholeMs: 10_000 } },
      })
      stops.push(async () => {
        workflows.shutdown()
        await Promise.all([run, delivering.stop()])
      })
    }
  }

  before(async () => {
    namespace = await makeNamespace(temporal())
    link = await connectTemporal(options(), log)
    links.push(link)
  })
  after(async () => {
    await Promise.all(receivers.map((receiver) => receiver.close()))
    await Promise.all(stops.map((stop) => stop()))
    await Promise.all(links.map((each) => each.close()))
  })

  const receiver = async (answering?: Answering, secure = false) => {
    const made = await startReceiver(answering, { secure })
    receivers.push(made)
    return made
  }
  const webhookAt = async (url: string, apiKeyId: string) => {
    const webhook = {
      id: `whk_${randomBytes(12).toString('hex')}`,
      apiKeyId,
      url,
      events: ['video.completed' as const],
      secret: SECRET,
    }
    const row = await insertWebhook(database().db, webhook, 10)
    assert.ok(typeof row !== 'string', String(row))
    return row
  }
  const testEvent = async (webhookId: string, verifier: VerifierId) => {
    const eventId = `evt_${randomBytes(16).toString('hex')}`
    await insertTestEvent(database().db, verifier, eventId, webhookId, 100)
    return eventId
  }
  /** The workflow of a test event that no sweep sees, up a ladder of milliseconds. */
  const climb = async (
    webhookId: string,
    waits: readonly number[] = QUICK,
  ): Promise<{ eventId: string; handle: WorkflowHandle }> => {
    const eventId = await testEvent(webhookId, newVerifier())
    const handle = await link.client.workflow.start('deliverWebhook', {
      workflowId: webhookWorkflowId(eventId, webhookId),
      taskQueue: INFERENCE_QUEUE,
      args: [{ eventId, webhookId, waits }],
    })
    return { eventId, handle }
  }
  const standing = async (eventId: string, webhookId: string) => {
    const row = (await getDelivery(database().db, eventId, webhookId))!
    return [row.state, row.attempts, row.lastStatus, row.lastError]
  }

  it('brings the end of a job, signed, once, with nothing of it in history or log', async () => {
    const { db } = database()
    const to = await receiver(undefined, true)
    const webhook = await webhookAt(`https://127.0.0.1:${to.port}/in?token=hidden`, 'key-a')
    const newer = randomBytes(32)
    await rotateSecret(db, webhook.id, newer, 5)
    const job = await newJob(db, id, { apiKeyId: 'key-a', prompt: 'a concealed prompt' })
    await completeJob(db, job.id, { winningRequestId: uuid(), warnings: [], keptMs: null })
    // Nobody was there to deliver when it ended: it waited.
    await startWorkers()
    await to.until(1)
    const [delivery] = await deliveriesOf(db, webhook.id, { after: null, limit: 2 })
    const { headers, body } = to.received[0]!
    const signed = Object.fromEntries(
      ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => [
        name,
        String(headers[name]),
      ]),
    )
    assert.equal(signed['webhook-id'], delivery!.eventId)
    assert.equal(headers['content-type'], 'application/json')
    const event = {
      id: delivery!.eventId,
      object: 'event',
      type: 'video.completed',
      created_at: Math.floor(delivery!.happenedAt.getTime() / 1000),
      data: { id: job.id },
    }
    const openai = new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1:1' })
    for (const secret of [SECRET, newer].map(webhookSecretText)) {
      assert.deepEqual(new Webhook(secret).verify(body, signed), event)
      assert.deepEqual(await openai.webhooks.unwrap(body, signed, secret), event)
    }
    const workflowId = webhookWorkflowId(delivery!.eventId, webhook.id)
    const handle = link.client.workflow.getHandle(workflowId)
    assert.deepEqual(await handle.result(), { state: 'delivered' })
    assert.deepEqual(await standing(delivery!.eventId, webhook.id), ['delivered', 1, 200, null])
    assert.equal(to.received.length, 1, 'two workers, one delivery')

    const history = decoded(await handle.fetchHistory())
    const log = logged.join('')
    assert.ok(history.includes(webhook.id) && log.includes(webhook.id), 'ids are there')
    for (const hidden of ['hidden', 'token', '127.0.0.1', SECRET.toString('base64'), 'concealed']) {
      assert.ok(!history.includes(hidden), `${hidden} in the history`)
    }
    for (const hidden of ['hidden', 'token', SECRET.toString('base64'), 'concealed', 'whsec_']) {
      assert.ok(!log.includes(hidden), `${hidden} in the log`)
    }
  })

  it('tries again up the ladder, with the same id', async () => {
    const to = await receiver((res, index) => {
      if (index === 0) res.writeHead(500).end('no')
      else if (index === 1) res.writeHead(302, { Location: 'http://127.0.0.1:1/' }).end()
      else res.writeHead(204).end()
    })
    const webhook = await webhookAt(`http://127.0.0.1:${to.port}/`, 'key-b')
    const { eventId, handle } = await climb(webhook.id)
    assert.deepEqual(await handle.result(), { state: 'delivered' })
    assert.deepEqual(
      to.received.map(({ headers }) => headers['webhook-id']),
      [eventId, eventId, eventId],
    )
    assert.deepEqual(await standing(eventId, webhook.id), ['delivered', 3, 204, null])
  })

  it('goes on with one whose workflow was terminated in Temporal', async () => {
    const { db } = database()
    const to = await receiver((res, index) => void res.writeHead(index === 0 ? 500 : 204).end())
    const webhook = await webhookAt(`http://127.0.0.1:${to.port}/`, 'key-t')
    // The next attempt would come after minutes.
    const eventId = await testEvent(webhook.id, id)
    await until('the first attempt', async () => (await standing(eventId, webhook.id))[1] === 1)
    const handle = link.client.workflow.getHandle(webhookWorkflowId(eventId, webhook.id))
    await handle.terminate('by hand')
    await db.execute(`UPDATE webhook_deliveries SET next_try_at = now() WHERE event_id = $1`, [
      eventId,
    ])
    const quick = { intervalMs: 50, silentS: 0 }
    const sweep = resumeDeliveries({ db, id, client: link.client, log }, quick)
    try {
      await until(
        'the second',
        async () => (await standing(eventId, webhook.id))[0] === 'delivered',
      )
    } finally {
      sweep.stop()
    }
    assert.deepEqual(await standing(eventId, webhook.id), ['delivered', 2, 204, null])
    assert.ok(logged.some((line) => line.includes('"was":"terminated"')))
  })

  it('gives up after the last rung', async () => {
    const to = await receiver((res) => void res.writeHead(302, { Location: '/else' }).end())
    const webhook = await webhookAt(`http://127.0.0.1:${to.port}/`, 'key-c')
    const { eventId, handle } = await climb(webhook.id, [0])
    assert.deepEqual(await handle.result(), { state: 'failed' })
    assert.deepEqual(await standing(eventId, webhook.id), ['failed', 1, 302, 'redirected'])
    assert.equal(to.received.length, 1)
    assert.ok(to.received.every(({ target }) => target === '/'))
  })

  it('stops at 410 and disables the webhook', async () => {
    const to = await receiver((res) => void res.writeHead(410).end())
    const webhook = await webhookAt(`http://127.0.0.1:${to.port}/`, 'key-d')
    const { eventId, handle } = await climb(webhook.id)
    assert.deepEqual(await handle.result(), { state: 'failed' })
    assert.deepEqual(await standing(eventId, webhook.id), ['failed', 1, 410, 'gone'])
    assert.equal((await getWebhook(database().db, webhook.id))!.disabledReason, 'gone')
    const later = await climb(webhook.id)
    assert.deepEqual(await later.handle.result(), { state: 'failed' })
    assert.deepEqual(await standing(later.eventId, webhook.id), [
      'failed',
      0,
      null,
      'webhook_disabled',
    ])
    assert.equal(to.received.length, 1)
  })

  it('ends with its webhook', async () => {
    const to = await receiver((res) => void res.writeHead(500).end())
    const webhook = await webhookAt(`http://127.0.0.1:${to.port}/`, 'key-e')
    const { handle } = await climb(webhook.id, [0, 0.3])
    await to.until(1)
    await deleteWebhook(database().db, webhook.id)
    assert.deepEqual(await handle.result(), { state: 'deleted' })
    assert.equal(to.received.length, 1)
  })

  it('is held up by no slow receiver', async () => {
    // Answers nobody: each worker may have four attempts there at once.
    const slow = await receiver(() => {})
    const fast = await receiver()
    const toSlow = await webhookAt(`http://127.0.0.1:${slow.port}/`, 'key-f')
    const toFast = await webhookAt(`http://localhost:${fast.port}/`, 'key-g')
    await Promise.all(Array.from({ length: 12 }, () => climb(toSlow.id)))
    await slow.until(8)
    const quick = await climb(toFast.id)
    assert.deepEqual(await quick.handle.result(), { state: 'delivered' })
    assert.equal(slow.received.length, 8)
    // Those without a place were turned away before anything was sent, and count no attempt.
    const rows = await deliveriesOf(database().db, toSlow.id, { after: null, limit: 20 })
    assert.ok(rows.every(({ state, attempts }) => state === 'pending' && attempts === 0))
  })
})

/** A history as text, with its payloads readable. */
function decoded(history: unknown): string {
  return JSON.stringify(history, (_, value) => {
    const isBytes = value?.type === 'Buffer' && Array.isArray(value.data)
    return isBytes ? Buffer.from(value.data).toString() : value
  })
}
