import { z } from 'zod'
import { type Signer, signText, verifyText } from '../../base/sr25519.js'
import { fromHex, type Hex, toHex, utf8 } from '../../formats/bytes.js'
import { canonicalJson } from '../../formats/canonical-json.js'
import { sha256Hex } from '../../formats/sha256.js'
import type { PreparedExtrinsic } from '../chain.js'
import { ChainError } from '../errors.js'
import { timelockHash } from '../timelock/payload.js'
import { address, u16 } from './schemas.js'

const count = z.int().min(0)
const digest = z.string().regex(/^[0-9a-f]{64}$/)

const weights = {
  netuid: u16,
  uids: z.array(u16).max(4096),
  values: z.array(u16).max(4096),
  version_key: count,
}
const call = z.discriminatedUnion('name', [
  z.strictObject({ name: z.literal('set_weights'), ...weights }),
  z.strictObject({ name: z.literal('commit_weights'), netuid: u16, commit_hash: digest }),
  z.strictObject({
    name: z.literal('commit_timelocked_weights'),
    netuid: u16,
    commit: z.string().regex(/^([0-9a-f]{2}){1,5000}$/),
    reveal_round: count,
    commit_reveal_version: u16,
  }),
  z.strictObject({ name: z.literal('reveal_weights'), ...weights, salt: z.array(u16).max(4096) }),
  z.strictObject({
    name: z.literal('serve_axon'),
    netuid: u16,
    ip: z.string().max(45),
    port: u16,
  }),
])

const payload = z.strictObject({
  format: z.literal('fractal-extrinsic/1'),
  genesis: digest,
  signer: address,
  nonce: count,
  /** First and last block that may include it. */
  era: z.tuple([count, count]),
  call,
})
const signed = payload.extend({ signature: z.string().regex(/^0x[0-9a-f]{128}$/) })

/** This chain has one runtime. */
export const LOCAL_SPEC_VERSION = 1

export type Call = z.infer<typeof call>
type Payload = z.infer<typeof payload>
export interface Extrinsic extends Payload {
  hash: Hex
}

export interface ExtrinsicTerms {
  genesis: Hex
  nonce: number
  eraFirst: number
  eraLast: number
  call: Call
}

/** The signature covers the canonical JSON of everything else; the hash covers the bytes including it. */
export function signExtrinsic(signer: Signer, terms: ExtrinsicTerms): PreparedExtrinsic {
  const { genesis, nonce, eraFirst, eraLast, call } = terms
  const body: Payload = {
    format: 'fractal-extrinsic/1',
    genesis,
    signer: signer.ss58,
    nonce,
    era: [eraFirst, eraLast],
    call,
  }
  const bytes = utf8(canonicalJson({ ...body, signature: signText(signer, canonicalJson(body)) }))
  return {
    hash: sha256Hex(bytes),
    bytes: toHex(bytes),
    nonce,
    eraFirst,
    eraLast,
    commitHash: commitHashOf(call),
    specVersion: LOCAL_SPEC_VERSION,
  }
}

function commitHashOf(call: Call): Hex | null {
  if (call.name === 'commit_weights') return call.commit_hash
  return call.name === 'commit_timelocked_weights' ? timelockHash(fromHex(call.commit)) : null
}

/**
 * @throws ChainError `BadProof` for anything that is not exactly what its signer signed for this
 *   chain: including other spellings of the same JSON, because the hash would differ.
 */
export function openExtrinsic(bytes: Hex, genesis: Hex): Extrinsic {
  const { signature, ...body } = parse(bytes)
  const exact = toHex(utf8(canonicalJson({ ...body, signature }))) === bytes
  if (!exact || body.genesis !== genesis) {
    throw new ChainError('BadProof', 'the extrinsic is for another chain, or is not canonical')
  }
  if (!verifyText(body.signer, canonicalJson(body), signature)) {
    throw new ChainError('BadProof', `the signature is not by ${body.signer}`)
  }
  return { ...body, hash: sha256Hex(fromHex(bytes)) }
}

function parse(bytes: Hex): z.infer<typeof signed> {
  try {
    return signed.parse(JSON.parse(new TextDecoder().decode(fromHex(bytes))))
  } catch (cause) {
    throw new ChainError('BadProof', 'the bytes are not an extrinsic of this chain', { cause })
  }
}
