import type { IncomingMessage } from 'node:http'
import { sanitizeText } from '../base/sanitize-text.js'
import { WireError } from './error.js'
import type { Exchange } from './exchange.js'
import { MAX_JSON_ANSWER_BYTES } from './limits.js'
import { refusalSchema } from './schemas.js'

/**
 * Accepts an answer with status 200 and the expected media type; anything else throws.
 * @throws WireError `http_malformed` for redirects, other 2xx, another type or an encoding; `http_refused`
 * for 4xx and 5xx with `details.status`, `details.code`, `details.retryAfterMs` and, for a 429,
 * `details.taken` as received
 */
export async function expectOk(exchange: Exchange, mediaType: string): Promise<void> {
  const answer = await exchange.response()
  const status = answer.statusCode ?? 0
  if (status >= 400 && status < 600) throw await refused(exchange, answer, status)
  if (status !== 200) {
    throw new WireError('http_malformed', `status ${status}, which this protocol does not have`)
  }
  const type = (answer.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (type !== mediaType) {
    throw new WireError(
      'http_malformed',
      `content type ${sanitizeText(type)}, expected ${mediaType}`,
    )
  }
  if (answer.headers['content-encoding'] !== undefined) {
    throw new WireError('http_malformed', 'an encoded body, which was not requested')
  }
}

async function refused(
  exchange: Exchange,
  answer: IncomingMessage,
  status: number,
): Promise<WireError> {
  const { code, message, taken } = await readRefusal(exchange)
  const seconds = Number(answer.headers['retry-after'])
  return new WireError('http_refused', `status ${status} ${code}: ${message}`, {
    details: {
      status,
      code,
      ...(status === 429 ? { taken } : {}),
      ...(seconds > 0 && seconds <= 86_400 ? { retryAfterMs: Math.ceil(seconds * 1000) } : {}),
    },
    retryable: status === 429 || status >= 500,
  })
}

/** The status alone makes it a refusal: if the body can't be read, only the explanation is missing. */
async function readRefusal(exchange: Exchange): Promise<Refusal> {
  try {
    const bytes = await exchange.bytes(MAX_JSON_ANSWER_BYTES)
    const { error, taken } = refusalSchema.parse(JSON.parse(bytes.toString('utf8')))
    return { code: sanitizeText(error.code), message: sanitizeText(error.message), taken }
  } catch {
    return { code: 'unknown', message: 'no explanation', taken: null }
  }
}

interface Refusal {
  code: string
  message: string
  /** As received, not validated. */
  taken: unknown
}
