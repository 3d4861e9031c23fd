import assert from 'node:assert/strict'
import OpenAI from 'openai'
import { Webhook } from 'standardwebhooks'
import { webhookHeaders, webhookSecretText } from '../../../base/auth/webhook-signature.js'

const SECRET = Buffer.from(
  '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f',
  'hex',
)
const OTHER = Buffer.alloc(24, 9)
const event = {
  id: 'evt_0123456789abcdef0123456789abcdef',
  object: 'event',
  type: 'video.completed',
  created_at: 1_795_000_000,
  data: { id: 'video_0123456789abcdef01234567', note: 'ünïcode 😀' },
}
const body = Buffer.from(JSON.stringify(event))
const payload = body.toString()

describe('a webhook’s signature', () => {
  const client = new OpenAI({ apiKey: 'none', baseURL: 'http://127.0.0.1:1' })
  const sign = (secrets: Buffer[], atMs = Date.now()) =>
    webhookHeaders({ id: event.id, atMs, body }, secrets)

  it('is the convention’s, byte for byte', () => {
    const headers = sign([SECRET], 1_795_000_000_999)
    assert.equal(headers['webhook-timestamp'], '1795000000')
    const reference = new Webhook(webhookSecretText(SECRET))
    const expected = reference.sign(event.id, new Date(1_795_000_000_000), payload)
    assert.equal(headers['webhook-signature'], expected)
    assert.match(webhookSecretText(SECRET), /^whsec_AAEC/)
  })

  it('is read by standardwebhooks and by OpenAI’s client', async () => {
    const headers = sign([SECRET])
    const secret = webhookSecretText(SECRET)
    assert.deepEqual(new Webhook(secret).verify(payload, headers), event)
    assert.deepEqual(await client.webhooks.unwrap(payload, headers, secret), event)
  })

  it('is there by each secret while one is rotated out', async () => {
    const headers = sign([SECRET, OTHER])
    for (const secret of [SECRET, OTHER].map(webhookSecretText)) {
      assert.deepEqual(new Webhook(secret).verify(payload, headers), event)
      assert.deepEqual(await client.webhooks.unwrap(payload, headers, secret), event)
    }
  })

  it('holds for nothing else', async () => {
    const secret = webhookSecretText(SECRET)
    const refused = async (text: string, headers: Record<string, string>) => {
      assert.throws(() => new Webhook(secret).verify(text, headers))
      await assert.rejects(client.webhooks.unwrap(text, headers, secret))
    }
    await refused(payload, sign([OTHER]))
    await refused(`${payload} `, sign([SECRET]))
    await refused(payload, { ...sign([SECRET]), 'webhook-id': 'evt_other' })
    await refused(payload, sign([SECRET], Date.now() - 600_000))
  })
})
