import * as z from 'zod'
import type { Log } from '../base/log.js'
import { isSs58, type Signer } from '../base/sr25519.js'
import { isRequestId } from '../formats/request-id.js'
import { CAPACITY_PER_GPU, GPUS_MAX, TAKEN_AHEAD_MS } from '../rules/constants.js'
import type { VettedAddress } from './axon-address.js'
import { freshNonce, isSignedBy, signRequest } from './btauth.js'
import { WireError } from './error.js'
import { Exchange } from './exchange.js'

/*
 * `POST /v1/generations/{request_id}/taken`, empty body, signed: a verifier confirms that a prover accepted
 * its request. A 429 presents these confirmations for the requests in flight, so that the refused verifier
 * knows that others occupy the prover's GPUs (mechanism.md section 3).
 */

/** The maximum that a prover can have in flight. */
export const MAX_TAKEN = CAPACITY_PER_GPU * GPUS_MAX

const NO_BODY = new Uint8Array()
const CONNECT_MS = 3000
const DEADLINE_MS = 5000

const takenClaimSchema = z.object({
  request_id: z.string().refine(isRequestId),
  /** The caller of that request: ss58. */
  caller: z.string().refine(isSs58),
  /** Unix nanoseconds, decimal: beyond 2^53. */
  nonce: z.string().regex(/^[1-9][0-9]{0,19}$/),
  signature: z.string().regex(/^0x[0-9a-f]{128}$/),
})

/** A 429's claim about one request; nothing is proven yet. */
export type TakenClaim = z.infer<typeof takenClaimSchema>

/** The path that is signed. */
export function takenTarget(requestId: string): string {
  return `/v1/generations/${requestId}/taken`
}

/** The well-formed claims in an untrusted list; at most `MAX_TAKEN` entries are read. */
export function readTaken(list: unknown): TakenClaim[] {
  if (!Array.isArray(list)) return []
  return list.slice(0, MAX_TAKEN).flatMap((entry: unknown) => {
    const parsed = takenClaimSchema.safeParse(entry)
    return parsed.success ? [parsed.data] : []
  })
}

export interface TakenTerms {
  /** ss58 of the prover that refused. */
  receiver: string
  /** ss58 of the caller that it refused. */
  self: string
  /** Deadline of the refused request. */
  deadlineMs: number
  nowNs: bigint
  /** Whether a hotkey may set weights on this subnet: it has a permit, or is the subnet's owner. */
  mayVerify(hotkey: string): boolean | Promise<boolean>
}

/**
 * The request ids of the valid claims: by another verifier, signed for this prover, and no older than the
 * refused request's deadline; each id once.
 */
export async function validTaken(
  claims: readonly TakenClaim[],
  terms: TakenTerms,
): Promise<string[]> {
  const valid = new Set<string>()
  for (const claim of claims) {
    if (valid.has(claim.request_id) || claim.caller === terms.self) continue
    if (!isRecent(BigInt(claim.nonce), terms) || !(await terms.mayVerify(claim.caller))) continue
    if (isSigned(claim, terms.receiver)) valid.add(claim.request_id)
  }
  return [...valid]
}

function isRecent(nonce: bigint, { nowNs, deadlineMs }: TakenTerms): boolean {
  return (
    nonce >= nowNs - BigInt(deadlineMs) * 1_000_000n &&
    nonce <= nowNs + BigInt(TAKEN_AHEAD_MS) * 1_000_000n
  )
}

function isSigned({ request_id, caller, nonce, signature }: TakenClaim, receiver: string): boolean {
  return isSignedBy(
    { sender: caller, receiver, nonce: BigInt(nonce), signature },
    { method: 'POST', target: takenTarget(request_id), body: NO_BODY },
  )
}

/** Confirms an acceptance. Never throws: a prover that does not accept a confirmation only harms itself. */
export async function sendTaken(options: {
  address: VettedAddress
  /** ss58 of the prover's hotkey. */
  receiver: string
  signer: Signer
  requestId: string
  signal: AbortSignal
  log: Pick<Log, 'debug'> | undefined
}): Promise<void> {
  const { requestId, receiver, log } = options
  const target = takenTarget(requestId)
  const parts = { receiver, signer: options.signer, method: 'POST', target, body: NO_BODY } as const
  const exchange = new Exchange({
    ...parts,
    address: options.address,
    headers: signRequest({ ...parts, nonce: freshNonce() }),
    connectMs: CONNECT_MS,
    deadlineMs: DEADLINE_MS,
    signal: options.signal,
  })
  try {
    const { statusCode } = await exchange.response()
    if (statusCode !== 204) log?.debug({ requestId, statusCode }, '`taken` was not accepted')
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    log?.debug({ requestId, reason: error.code }, '`taken` did not arrive')
  } finally {
    exchange.close()
  }
}
