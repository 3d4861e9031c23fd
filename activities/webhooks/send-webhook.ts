import { Context } from '@temporalio/activity'
import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common'
import { webhookHeaders } from '../../base/auth/webhook-signature.js'
import { KeyedLimit } from '../../base/concurrency/keyed-limit.js'
import { FractalError } from '../../base/errors.js'
import { ownVersion } from '../../base/version.js'
import {
  type DeliveryRow,
  type FailureLimit,
  getDelivery,
  giveUpPending,
  recordDelivered,
  recordFailedAttempt,
  recordGone,
} from '../../ledger/webhooks/deliveries.js'
import { getWebhook, signingSecrets, type WebhookRow } from '../../ledger/webhooks/webhooks.js'
import { nextWaitMs, timeLeftMs } from '../../rules/gateway/webhook-retries.js'
import { WireError } from '../../wire/error.js'
import { noAnswerOf, postWebhook } from '../../wire/webhook-client.js'
import type { WebhookDeps } from '../webhook-deps.js'

/** Only ids: an address, a secret or an event's content must not end up in the history. */
export interface SendWebhookInput {
  readonly eventId: string
  readonly webhookId: string
  /** From 1. */
  readonly attempt: number
  /** Milliseconds from now until the next attempt; null: this is the last. */
  readonly nextTryMs: number | null
}

export interface SendWebhookResult {
  /** `deleted`: the webhook no longer exists. */
  readonly state: DeliveryRow['state'] | 'deleted'
  /** Status or class of failure, for operators. */
  readonly reason: string
  /** Wait until the next attempt, if pending. */
  readonly waitMs: number
}

/** Concurrent attempts per host and worker, so that a slow receiver does not delay others. */
const MAX_PER_HOST = 4
/** Concurrent attempts to all hosts of one key. */
const MAX_PER_KEY = 8
/** When a webhook is disabled. */
const FAILURE_LIMIT: FailureLimit = { attempts: 20, hours: 24 }

/**
 * Makes one attempt to deliver an event, and records how it ended. If repeated, it may send the same event
 * again, with the same id.
 */
export function createSendWebhook(deps: WebhookDeps) {
  const hosts = new KeyedLimit(MAX_PER_HOST)
  const keys = new KeyedLimit(MAX_PER_KEY)
  const agent = `Fractal-Webhook/${ownVersion()}`

  return async (input: SendWebhookInput): Promise<SendWebhookResult> => {
    const { eventId, webhookId, attempt } = input
    const [delivery, webhook] = await Promise.all([
      getDelivery(deps.db, eventId, webhookId),
      getWebhook(deps.db, webhookId),
    ])
    if (delivery === null || webhook === null) return ended('deleted', 'deleted')
    if (delivery.state !== 'pending') return ended(delivery.state, delivery.lastError ?? '')
    if (delivery.attempts >= attempt) return noted(delivery)
    if (webhook.disabledAt !== null) {
      await giveUpPending(deps.db, webhookId)
      return ended('failed', 'webhook_disabled')
    }
    const release = acquire(webhook)
    if (release === null) {
      if (timeLeftMs(delivery.startedMsAgo) > 0) throw busy()
      return note(input, delivery, { status: null, error: 'receiver_busy', retryAfterMs: null })
    }
    try {
      const answer = await send(delivery, webhook)
      deps.log.info({ webhook: webhookId, event: eventId, attempt, ...answer }, 'webhook attempt')
      return await note(input, delivery, answer)
    } finally {
      release()
    }
  }

  function acquire(webhook: WebhookRow): (() => void) | null {
    const key = keys.tryAcquire(webhook.apiKeyId)
    const host = key === null ? null : hosts.tryAcquire(new URL(webhook.url).hostname)
    if (key !== null && host !== null) {
      return () => {
        key()
        host()
      }
    }
    key?.()
    return null
  }

  async function send(delivery: DeliveryRow, webhook: WebhookRow): Promise<Answer> {
    const secrets = await signingSecrets(deps.db, webhook.id)
    const body = Buffer.from(JSON.stringify(eventObject(delivery)))
    const signal = Context.current().cancellationSignal
    try {
      const { status, retryAfterMs } = await postWebhook({
        url: webhook.url,
        headers: {
          'Content-Type': 'application/json',
          'User-Agent': agent,
          ...webhookHeaders({ id: delivery.eventId, atMs: Date.now(), body }, secrets),
        },
        body,
        allowPrivate: deps.allowPrivate,
        signal,
        ...deps.network,
      })
      return { status, error: errorOf(status), retryAfterMs }
    } catch (error) {
      if (!(error instanceof WireError)) throw error
      if (signal.aborted) {
        throw new FractalError('worker_stopping', 'this worker is stopping', { retryable: true })
      }
      return { status: null, error: noAnswerOf(error.code), retryAfterMs: null }
    }
  }

  async function note(
    input: SendWebhookInput,
    delivery: DeliveryRow,
    answer: Answer,
  ): Promise<SendWebhookResult> {
    const { attempt } = input
    const { status, error } = answer
    if (status !== null && error === null) {
      await recordDelivered(deps.db, input, { attempt, status })
      return ended('delivered', String(status))
    }
    if (error === 'gone') {
      await recordGone(deps.db, input, attempt)
      deps.log.warn({ webhook: input.webhookId }, 'a webhook was disabled: its receiver is gone')
      return ended('failed', 'gone')
    }
    const left = timeLeftMs(delivery.startedMsAgo)
    const nextTryMs = nextWaitMs(input.nextTryMs, answer.retryAfterMs, left)
    const end = { attempt, status, error, nextTryMs }
    const { disabled } = await recordFailedAttempt(deps.db, input, end, FAILURE_LIMIT)
    if (disabled) {
      deps.log.warn(
        { webhook: input.webhookId },
        'a webhook was disabled: every delivery to it fails',
      )
      return ended('failed', 'webhook_disabled')
    }
    const reason = status === null ? error! : `${error} ${status}`
    return nextTryMs === null
      ? ended('failed', reason)
      : { state: 'pending', reason, waitMs: nextTryMs }
  }
}

interface Answer {
  readonly status: number | null
  /** null: delivered. */
  readonly error: string | null
  readonly retryAfterMs: number | null
}

/** Benign: neither logged nor counted as a failure, only retried with backoff. */
function busy(): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'receiver_busy',
    message: 'too many attempts to this receiver are under way',
    category: ApplicationFailureCategory.BENIGN,
  })
}

function errorOf(status: number): string | null {
  if (status >= 200 && status < 300) return null
  if (status >= 300 && status < 400) return 'redirected'
  return status === 410 ? 'gone' : 'bad_status'
}

function ended(state: SendWebhookResult['state'], reason: string): SendWebhookResult {
  return { state, reason, waitMs: 0 }
}

/** This attempt was made and recorded, but Temporal did not get its result. */
function noted(delivery: DeliveryRow): SendWebhookResult {
  return { state: 'pending', reason: delivery.lastError ?? '', waitMs: delivery.nextTryInMs ?? 0 }
}

/** An event in OpenAI's format; for a test, the id is the webhook's own. */
function eventObject(delivery: DeliveryRow) {
  return {
    id: delivery.eventId,
    object: 'event',
    type: delivery.type,
    created_at: Math.floor(delivery.happenedAt.getTime() / 1000),
    data: { id: delivery.jobId ?? delivery.webhookId },
  }
}
