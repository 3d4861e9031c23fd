import { randomUUID } from 'node:crypto'
import type { Signer } from '../base/sr25519.js'
import type { ClockWord } from '../rules/judge/own-failure.js'
import { type AxonAddress, vetAddress } from './axon-address.js'
import { freshNonce, signRequest } from './btauth.js'
import { WireError } from './error.js'
import { Exchange } from './exchange.js'
import { refusalClockWord } from './outcome.js'
import { expectOk } from './refusal.js'

/** Deadline for a refusal, which is all that is wanted. */
const DEADLINE_MS = 3000

/**
 * Whether a prover accepts the timestamps of this process's requests. Requests the opening of a nonexistent
 * request: provers check the timestamp first, and one that accepts it answers that there is no such request.
 * It costs the prover no work, and does not count.
 */
export async function askAboutClock(options: {
  address: AxonAddress
  /** ss58 of the prover's hotkey. */
  receiver: string
  signer: Signer
  /** Development: reach loopback and private addresses. */
  allowPrivate: boolean
  signal?: AbortSignal
}): Promise<ClockWord> {
  const body = Buffer.from('{"step":1,"frame":1}')
  const target = `/v1/generations/${randomUUID()}/open`
  let exchange: Exchange | null = null
  try {
    const address = vetAddress(options.address.ip, options.address.port, options)
    const headers = signRequest({ ...options, method: 'POST', target, body, nonce: freshNonce() })
    exchange = new Exchange({
      address,
      method: 'POST',
      target,
      headers: { ...headers, 'Content-Type': 'application/json' },
      body,
      connectMs: DEADLINE_MS,
      deadlineMs: DEADLINE_MS,
      signal: options.signal,
    })
    await expectOk(exchange, 'application/json')
    return 'silent'
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return error.code === 'http_refused' ? refusalClockWord(error.details.code) : 'silent'
  } finally {
    exchange?.close()
  }
}
