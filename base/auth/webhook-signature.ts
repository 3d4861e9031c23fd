import { createHmac } from 'node:crypto'

/** Prefix of a signing secret in the Standard Webhooks convention. */
const SECRET_PREFIX = 'whsec_'

/** A secret in the form shown to receivers. */
export function webhookSecretText(secret: Uint8Array): string {
  return SECRET_PREFIX + Buffer.from(secret).toString('base64')
}

/** Bytes of a new secret: the convention allows 24 to 64. */
export const WEBHOOK_SECRET_BYTES = 32

/**
 * The headers of one attempt (Standard Webhooks 1.0.0, symmetric): HMAC-SHA256 over `id.seconds.body` with
 * every valid secret, so that a receiver may have any of them.
 * @param id must not contain a dot
 * @param atMs time of the attempt, Unix milliseconds
 */
export function webhookHeaders(
  { id, atMs, body }: { id: string; atMs: number; body: Uint8Array },
  secrets: readonly Uint8Array[],
): { 'webhook-id': string; 'webhook-timestamp': string; 'webhook-signature': string } {
  const seconds = String(Math.floor(atMs / 1000))
  const signatures = secrets.map((secret) => {
    const hmac = createHmac('sha256', secret).update(`${id}.${seconds}.`).update(body)
    return `v1,${hmac.digest('base64')}`
  })
  return {
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': signatures.join(' '),
  }
}
