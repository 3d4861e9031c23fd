import { hash, randomInt } from 'node:crypto'
import { isSs58, type Signer, signText, verifyText } from '../base/sr25519.js'
import { btauthText } from '../formats/btauth-text.js'
import { MAX_AHEAD_NS, type NonceMemory } from './nonce-memory.js'

/** Bittensor's signed requests, `btauth/1`; we require sr25519 keys and a receiver. */
const SCHEME = 'sr25519'
const MAX_AGE_NS = 10_000_000_000n

/** Header names are case-insensitive; Node converts received ones to lower case. */
const HEADERS = {
  version: 'X-Bittensor-Version',
  hotkey: 'X-Bittensor-Hotkey',
  receiver: 'X-Bittensor-Receiver',
  nonce: 'X-Bittensor-Nonce',
  crypto: 'X-Bittensor-Crypto',
  signature: 'X-Bittensor-Signature',
} as const

/** What the signature of a request covers, in addition to the sender. */
interface SignedParts {
  method: string
  /** Path and query exactly as sent. */
  target: string
  /** The raw bytes as sent. */
  body: Uint8Array
  /** Unix nanoseconds: beyond 2^53, hence a BigInt. */
  nonce: bigint
  /** ss58 of the intended receiver: a request for one prover is invalid at any other. */
  receiver: string
}

/** The headers of a request, as claimed; nothing is proven yet. */
export interface AuthClaim {
  sender: string
  receiver: string
  nonce: bigint
  signature: string
}

/**
 * - `malformed`: a header is missing or invalid
 * - `wrong_receiver`: signed for another hotkey
 * - `stale`: older than 10 s, or more than 2 s in the future
 * - `before_start`: signed before this process started, which can't know what was used before
 * - `bad_signature`: the signature is not the sender's over these bytes
 * - `replayed`: this (hotkey, nonce) was used already
 * - `busy`: more requests within the window than the replay memory can hold
 */
export type AuthRefusal =
  | 'malformed'
  | 'wrong_receiver'
  | 'stale'
  | 'before_start'
  | 'bad_signature'
  | 'replayed'
  | 'busy'

type AuthFailure = {
  ok: false
  status: 401 | 503
  reason: AuthRefusal
  /** The claim of a request refused because of its timestamp; nothing is proven. */
  claim?: AuthClaim
}

/** Headers as `node:http` provides them: repeated ones are joined with a comma, which is malformed here. */
export type IncomingHeaders = Record<string, string | string[] | undefined>

/** The text that is signed, over the raw bytes. */
export function signedText(parts: SignedParts & { sender: string }): string {
  const { body, nonce, ...terms } = parts
  const bodySha256 = hash('sha256', body)
  return btauthText({ ...terms, bodySha256, nonce: nonce.toString() })
}

/** The headers that sign a request. */
export function signRequest(parts: SignedParts & { signer: Signer }): Record<string, string> {
  const sender = parts.signer.ss58
  return {
    [HEADERS.version]: '1',
    [HEADERS.hotkey]: sender,
    [HEADERS.receiver]: parts.receiver,
    [HEADERS.nonce]: parts.nonce.toString(),
    [HEADERS.signature]: signText(parts.signer, signedText({ ...parts, sender })),
  }
}

/** The parts of a signed request's headers that evidence must contain, in addition to the body. */
export function requestAuthOf(headers: Record<string, string>): {
  nonce: string
  signature: string
} {
  return { nonce: headers[HEADERS.nonce]!, signature: headers[HEADERS.signature]! }
}

/**
 * A fresh nonce: the clock's milliseconds and a random lower part, so that two processes with the same hotkey
 * do not collide.
 */
export function freshNonce(nowMs: number = Date.now()): bigint {
  return BigInt(nowMs) * 1_000_000n + BigInt(randomInt(1_000_000))
}

/**
 * The checks that don't need the body: format, receiver, freshness. A server does them before it reads a byte
 * of the body; `verifyRequest` repeats them.
 */
export function readClaim(input: {
  headers: IncomingHeaders
  self: string
  nowNs: bigint
  nonces: Pick<NonceMemory, 'startedBy'>
}): { ok: true; claim: AuthClaim } | AuthFailure {
  const header = (name: string) => {
    const value = input.headers[name.toLowerCase()]
    return typeof value === 'string' ? value : ''
  }
  const claim = {
    sender: header(HEADERS.hotkey),
    receiver: header(HEADERS.receiver),
    signature: header(HEADERS.signature),
  }
  const nonceText = header(HEADERS.nonce)
  const shapely =
    header(HEADERS.version) === '1' &&
    ['', SCHEME].includes(header(HEADERS.crypto)) &&
    /^(0|[1-9][0-9]{0,19})$/.test(nonceText) &&
    /^0x[0-9a-f]{128}$/.test(claim.signature) &&
    isSs58(claim.sender) &&
    isSs58(claim.receiver)
  if (!shapely) return refuse('malformed')
  if (claim.receiver !== input.self) return refuse('wrong_receiver')
  const nonce = BigInt(nonceText)
  if (input.nowNs - nonce > MAX_AGE_NS || nonce - input.nowNs > MAX_AHEAD_NS) {
    return { ...refuse('stale'), claim: { ...claim, nonce } }
  }
  if (nonce < input.nonces.startedBy(input.nowNs)) return refuse('before_start')
  return { ok: true, claim: { ...claim, nonce } }
}

/**
 * Proves who sent a request. Checks format, receiver, freshness, signature and replay, in this order. Who may
 * send requests (blacklist, priority) is up to the caller, based only on the sender that this returns.
 * @param input.target path and query as received; `input.body` the raw bytes as received
 */
export function verifyRequest(input: {
  headers: IncomingHeaders
  method: string
  target: string
  body: Uint8Array
  self: string
  nowNs: bigint
  nonces: NonceMemory
}): { ok: true; sender: string; claim: AuthClaim } | AuthFailure {
  const read = readClaim(input)
  if (!read.ok) return refuse(read.reason)
  const { claim } = read
  if (!isSignedBy(claim, input)) return refuse('bad_signature')
  const use = input.nonces.use(claim.sender, claim.nonce, input.nowNs)
  if (use !== 'fresh') return refuse(use)
  return { ok: true, sender: claim.sender, claim }
}

/** Whether the claimed sender signed this request, at whatever time. */
export function isSignedBy(
  claim: AuthClaim,
  request: Pick<SignedParts, 'method' | 'target' | 'body'>,
): boolean {
  return verifyText(claim.sender, signedText({ ...request, ...claim }), claim.signature)
}

function refuse(reason: AuthRefusal): AuthFailure {
  return { ok: false, status: reason === 'busy' ? 503 : 401, reason }
}
