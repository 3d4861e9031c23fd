// Receives webhooks: WEBHOOK_SECRET=whsec_… PORT=3000 node examples/webhook-receiver.mjs
// Checks each signature, takes each event once, and fetches the videos into OUT (videos) with API and KEY.
import { createHmac, timingSafeEqual } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'

const { API, KEY, WEBHOOK_SECRET = '', PORT = '3000', OUT = 'videos' } = process.env
const MAX_BODY_BYTES = 64_000
const MAX_AGE_SECONDS = 300
const secret = Buffer.from(WEBHOOK_SECRET.replace(/^whsec_/, ''), 'base64')
if (!API || !KEY || secret.length === 0) {
  console.error(
    'API, KEY and WEBHOOK_SECRET are needed in the environment: docs/use-the-api.md#webhooks',
  )
  process.exit(2)
}
await mkdir(OUT, { recursive: true })

/** Ids of events that were taken. Keep them in a database where several processes receive. */
const seen = new Set()

/** Standard Webhooks: HMAC-SHA256 over id, time and the raw body; while a secret is rotated there are two signatures. */
function isSigned(headers, body) {
  const {
    'webhook-id': id,
    'webhook-timestamp': seconds,
    'webhook-signature': signatures,
  } = headers
  if (id === undefined || signatures === undefined) return false
  // An old one may be a replay.
  if (!(Math.abs(Date.now() / 1000 - Number(seconds)) < MAX_AGE_SECONDS)) return false
  const expected = createHmac('sha256', secret).update(`${id}.${seconds}.`).update(body).digest()
  return signatures.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
}

async function bodyOf(req) {
  const parts = []
  let bytes = 0
  for await (const part of req) {
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) return null
    parts.push(part)
  }
  return Buffer.concat(parts)
}

async function work({ type, data }) {
  console.log(type, data.id)
  if (type !== 'video.completed') return
  const headers = { authorization: `Bearer ${KEY}` }
  const answer = await fetch(`${API}/v1/videos/${data.id}/content`, { headers })
  if (!answer.ok) throw new Error(`${data.id}: ${answer.status}`)
  await writeFile(join(OUT, `${data.id}.mp4`), Buffer.from(await answer.arrayBuffer()))
  console.log('fetched', data.id)
}

const server = createServer(async (req, res) => {
  const body = req.method === 'POST' ? await bodyOf(req).catch(() => null) : null
  if (body === null || !isSigned(req.headers, body)) return res.writeHead(400).end()
  const id = req.headers['webhook-id']
  const isNew = !seen.has(id)
  seen.add(id)
  // At once: whoever takes longer than 20 s gets the event again.
  res.writeHead(204).end()
  if (!isNew) return
  work(JSON.parse(body.toString())).catch((error) => console.error(error.message))
})
server.listen(Number(PORT), '127.0.0.1', () =>
  console.log(`listening on port ${server.address().port}`),
)
