import { blake2b } from '@noble/hashes/blake2.js'
import { decodeAddress } from '../../base/crypto.js'
import type { Signer } from '../../base/sr25519.js'
import { concat, fromHex, type Hex, toHex } from '../../formats/bytes.js'
import { mortalEra } from './era.js'
import type { Runtime } from './runtime.js'
import type { Session } from './session.js'
import { signedExtensions } from './signed-extensions.js'

/** A longer text is signed by its hash. */
const LONGEST_SIGNED_TEXT = 256
const SIGNED_V4 = 0x84
const ADDRESS_BY_ID = 0x00
const SR25519 = 0x01

export interface SignedExtrinsic {
  hash: Hex
  bytes: Hex
  nonce: number
  eraFirst: number
  eraLast: number
}

/**
 * Signs a call, mortal, with the account's next nonce (extrinsics that wait in the pool are counted);
 * sends nothing. The secret stays with the signer.
 * @throws ChainError `invalid_era`, `extension_unsupported`, and the connection's
 */
export async function signExtrinsic(
  session: Session,
  runtime: Runtime,
  terms: { call: Uint8Array; signer: Signer; eraBlocks: number; genesis: Hex },
): Promise<SignedExtrinsic> {
  const { call, signer, eraBlocks, genesis } = terms
  const [head, finalized, nonce] = await Promise.all([
    session.head(),
    session.finalized(),
    session.nextNonce(signer.ss58),
  ])
  // A block that may still be replaced would take the extrinsic with it, as its hash is signed.
  // Where finality lags far behind, an old block has to do: the era would end too soon.
  const birth = Math.max(finalized.number, head.number - eraBlocks / 4)
  const era = mortalEra(eraBlocks, birth)
  const eraFirstHash =
    era.first === finalized.number ? finalized.hash : await session.knownBlockHash(era.first)
  const { extra, implicit } = signedExtensions(runtime, {
    nonce,
    era: era.bytes,
    genesis: fromHex(genesis),
    eraFirstHash: fromHex(eraFirstHash),
  })
  const text = concat(call, extra, implicit)
  const signature = signer.sign(text.length > LONGEST_SIGNED_TEXT ? blake2(text) : text)
  const body = concat(
    Uint8Array.of(SIGNED_V4, ADDRESS_BY_ID),
    decodeAddress(signer.ss58),
    Uint8Array.of(SR25519),
    signature,
    extra,
    call,
  )
  const bytes = concat(runtime.registry.createType('Compact<u32>', body.length).toU8a(), body)
  return {
    hash: extrinsicHash(bytes),
    bytes: toHex(bytes),
    nonce,
    eraFirst: era.first,
    eraLast: era.last,
  }
}

/** What a chain knows an extrinsic by. */
export function extrinsicHash(bytes: Uint8Array): Hex {
  return toHex(blake2(bytes))
}

function blake2(bytes: Uint8Array): Uint8Array {
  return blake2b(bytes, { dkLen: 32 })
}
