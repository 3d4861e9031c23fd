import { ZodError } from 'zod'
import { messageOf } from '../base/errors.js'
import { sanitizeText } from '../base/sanitize-text.js'
import { type AxonAddress, vetAddress } from './axon-address.js'
import { WireError } from './error.js'
import { Exchange } from './exchange.js'
import { MAX_JSON_ANSWER_BYTES } from './limits.js'
import { expectOk } from './refusal.js'
import { issueOf, type ProverInfo, proverInfoSchema } from './schemas.js'

/**
 * What a prover reports about itself (`GET /v1/info`). Unsigned: only its signed answers are binding.
 * @throws WireError `address_refused`, `unreachable`, `no_answer`, `late`, `http_malformed`, `http_refused`,
 * `stream_oversized`, `cancelled`
 */
export async function fetchInfo(options: {
  address: AxonAddress
  allowPrivate: boolean
  /** Default 5000. */
  deadlineMs?: number
  signal?: AbortSignal
}): Promise<ProverInfo> {
  const address = vetAddress(options.address.ip, options.address.port, options)
  const exchange = new Exchange({
    address,
    method: 'GET',
    target: '/v1/info',
    headers: { Accept: 'application/json' },
    connectMs: 3000,
    deadlineMs: options.deadlineMs ?? 5000,
    signal: options.signal,
  })
  try {
    await expectOk(exchange, 'application/json')
    const bytes = await exchange.bytes(MAX_JSON_ANSWER_BYTES)
    return parseInfo(bytes)
  } finally {
    exchange.close()
  }
}

function parseInfo(bytes: Buffer): ProverInfo {
  try {
    return proverInfoSchema.parse(JSON.parse(bytes.toString('utf8')))
  } catch (error) {
    const why = error instanceof ZodError ? issueOf(error).text : messageOf(error)
    throw new WireError('http_malformed', `/v1/info is invalid: ${sanitizeText(why)}`)
  }
}
