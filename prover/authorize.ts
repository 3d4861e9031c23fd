import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import {
  type AuthClaim,
  type AuthRefusal,
  isSignedBy,
  readClaim,
  verifyRequest,
} from '../wire/btauth.js'
import { MAX_REQUEST_BYTES } from '../wire/limits.js'
import type { NonceMemory } from '../wire/nonce-memory.js'
import { admit, type Blacklist, type CallerLookup, type Priority } from './admission.js'
import type { CallersClock } from './callers-clock.js'
import { readBody, refuse, refuseUnread } from './http.js'
import type { UnprovenBodies, UnprovenBody } from './unproven-bodies.js'

export interface AuthorizeDeps {
  /** ss58 of this prover. */
  self: string
  nonces: NonceMemory
  blacklist: Blacklist
  lookup: CallerLookup
  /** What callers' timestamps say about our clock. */
  clock: CallersClock
  /** The bodies of requests that are not authorized yet. */
  bodies: UnprovenBodies
  log: Log
  nowNs(): bigint
}

/** An admitted caller, and the bytes it signed. */
export interface AuthorizedRequest {
  caller: string
  claim: AuthClaim
  target: string
  raw: Buffer
  priority: Priority
}

const HINTS: Record<AuthRefusal, string> = {
  malformed: 'the btauth/1 headers are missing or malformed',
  wrong_receiver: 'the request is signed for another hotkey',
  stale: 'the nonce is older than 10 s or more than 2 s ahead: check the clock',
  before_start: 'the nonce is from before this prover started: sign again',
  bad_signature: "the signature is not the sender's over this request",
  replayed: 'this nonce was used already',
  busy: 'too many requests within the replay window',
}

/** Why a body is not read to its end. */
const UNREAD = {
  too_large: {
    ...{ status: 413, code: 'too_large' },
    message: `a request has at most ${MAX_REQUEST_BYTES} bytes`,
  },
  shredded: {
    ...{ status: 400, code: 'invalid_request' },
    message: 'the body comes in too many pieces',
  },
} as const

/** Maximum size of a body that is discarded unread, in bytes. */
const MAX_UNREAD_BYTES = MAX_REQUEST_BYTES / 16

/**
 * Authorizes a signed request. It checks, in this order: format, receiver and freshness of the headers
 * (before a byte of the body is kept), size, signature, replay; and only then the sender: blacklist and
 * priority.
 * @returns null if it has already answered with a refusal
 */
export async function authorizeRequest(
  req: IncomingMessage,
  res: ServerResponse,
  deps: AuthorizeDeps,
): Promise<AuthorizedRequest | null> {
  const body = deps.bodies.begin(() => req.destroy())
  try {
    return await authorize(req, res, deps, body)
  } finally {
    body.release()
  }
}

async function authorize(
  req: IncomingMessage,
  res: ServerResponse,
  deps: AuthorizeDeps,
  unproven: UnprovenBody,
): Promise<AuthorizedRequest | null> {
  const { self, nonces, nowNs } = deps
  const target = req.url ?? ''
  const early = readClaim({
    headers: req.headers,
    self,
    nowNs: nowNs(),
    nonces,
  })
  if (!early.ok) {
    const { status, reason } = early
    deps.log.debug({ reason }, 'request not authenticated')
    const refusal = { status, code: reason, message: HINTS[reason] }
    const { claim } = early
    if (claim !== undefined && deps.clock.wantsProof()) {
      await noteStale(req, claim, target, deps, unproven)
      refuse(res, status, reason, refusal.message, { Connection: 'close' })
      return null
    }
    await refuseUnread(req, res, refusal, MAX_UNREAD_BYTES)
    return null
  }
  const raw = await readBody(req, MAX_REQUEST_BYTES, unproven)
  if (typeof raw === 'string') {
    const { status, code, message } = UNREAD[raw]
    refuse(res, status, code, message, { Connection: 'close' })
    return null
  }
  const { headers, method = '' } = req
  const verified = verifyRequest({
    headers,
    method,
    target,
    body: raw,
    self,
    nowNs: nowNs(),
    nonces,
  })
  if (!verified.ok) {
    deps.log.debug({ reason: verified.reason }, 'request not authenticated')
    refuse(res, verified.status, verified.reason, HINTS[verified.reason], { Connection: 'close' })
    return null
  }
  return enter({ caller: verified.sender, claim: verified.claim, target, raw }, res, deps)
}

/** An admitted caller's time differs from ours: one of us is wrong. Strangers and forgers don't count. */
async function noteStale(
  req: IncomingMessage,
  claim: AuthClaim,
  target: string,
  { lookup, blacklist, clock }: AuthorizeDeps,
  unproven: UnprovenBody,
): Promise<void> {
  const body = await readBody(req, MAX_REQUEST_BYTES, unproven)
  if (typeof body === 'string') return
  if (!isSignedBy(claim, { method: req.method ?? '', target, body })) return
  const standing = await lookup(claim.sender).catch(() => 'unknown' as const)
  if (standing !== 'unknown' && admit(standing, blacklist).ok) clock.note(claim.sender, 'stale')
}

async function enter(
  visitor: Omit<AuthorizedRequest, 'priority'>,
  res: ServerResponse,
  { lookup, blacklist, clock, log }: AuthorizeDeps,
): Promise<AuthorizedRequest | null> {
  const { caller } = visitor
  const standing = await lookup(caller).catch((error) => {
    log.warn({ caller, reason: messageOf(error) }, 'caller lookup failed')
    return 'unknown' as const
  })
  if (standing === 'unknown') {
    refuse(res, 503, 'chain_unreachable', 'the metagraph cannot be read at the moment')
    return null
  }
  const admission = admit(standing, blacklist)
  if (!admission.ok) {
    log.info({ caller, reason: admission.reason }, 'caller refused')
    const why = {
      not_registered: 'the hotkey is not registered on this subnet',
      no_permit: 'the hotkey has no validator permit',
    }[admission.reason]
    refuse(res, 403, admission.reason, why)
    return null
  }
  clock.note(caller, 'accepted')
  return { ...visitor, priority: admission.priority }
}
