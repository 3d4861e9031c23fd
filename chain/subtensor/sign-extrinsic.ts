import type { ApiPromise } from '@polkadot/api'
import type { SubmittableExtrinsic } from '@polkadot/api/types'
import type { ExtrinsicEra } from '@polkadot/types/interfaces'
import type { IKeyringPair, Registry } from '@polkadot/types/types'
import { decodeAddress } from '../../base/crypto.js'
import { messageOf } from '../../base/errors.js'
import type { Signer } from '../../base/sr25519.js'
import { concat, type Hex } from '../../formats/bytes.js'
import { ChainError } from '../errors.js'
import type { Session } from './session.js'
import { assertExtensionsKnown } from './signed-extensions.js'

export type Call = SubmittableExtrinsic<'promise'>

/** Index among the signature types of a chain. */
const SR25519 = 1

export interface SignedExtrinsic {
  hash: Hex
  bytes: Hex
  nonce: number
  eraFirst: number
  eraLast: number
  specVersion: number
}

/**
 * Builds a call of SubtensorModule for the runtime of the best block.
 * @throws ChainError `bad_chain_answer` if it has no such call, `bad_request` for arguments of the wrong
 * shape
 */
export function makeCall(api: ApiPromise, name: string, args: unknown[]): Call {
  const call = api.tx.subtensorModule?.[name]
  if (call === undefined) {
    throw new ChainError('bad_chain_answer', `this runtime has no call subtensorModule.${name}`)
  }
  try {
    return call(...args)
  } catch (cause) {
    throw new ChainError('bad_request', `${name}: ${messageOf(cause)}`, { cause })
  }
}

/**
 * Signs a mortal extrinsic with the account's next nonce (including extrinsics waiting in the pool); sends
 * nothing. The secret stays with the signer.
 * @throws ChainError `invalid_era`, `extension_unsupported`, and the connection's
 */
export async function signExtrinsic(
  session: Session,
  api: ApiPromise,
  call: Call,
  { signer, eraBlocks }: { signer: Signer; eraBlocks: number },
): Promise<SignedExtrinsic> {
  assertExtensionsKnown(api)
  const [head, finalized, nonce] = await Promise.all([
    session.head(),
    session.finalized(),
    api.rpc.system.accountNextIndex(signer.ss58),
  ])
  // The hash of the birth block is signed, so if that block is replaced, the extrinsic becomes invalid. If
  // finality lags far behind, a non-final block must do, because the era would end too soon. The API would
  // use the newest block as soon as finality is six blocks behind.
  const birth = Math.max(finalized.number, head.number - eraBlocks / 4)
  const { era, first, last } = mortalEra(api.registry, eraBlocks, birth)
  const blockHash = first === finalized.number ? finalized.hash : await session.blockHash(first)
  await call.signAsync(pairOf(signer), { nonce, era, blockHash: `0x${blockHash}` })
  return {
    hash: call.hash.toHex().slice(2),
    bytes: call.toHex().slice(2),
    nonce: nonce.toNumber(),
    eraFirst: first,
    eraLast: last,
    specVersion: api.runtimeVersion.specVersion.toNumber(),
  }
}

/** Our signer in the form the API expects: if a chain has several signature types, it prefixes its own. */
function pairOf(signer: Signer): IKeyringPair {
  const publicKey = decodeAddress(signer.ss58)
  return {
    address: signer.ss58,
    addressRaw: publicKey,
    publicKey,
    sign: (text, { withType = false } = {}) =>
      concat(withType ? Uint8Array.of(SR25519) : new Uint8Array(), signer.sign(text)),
  }
}

/** The blocks that may include an extrinsic, and the encoded era. */
interface MortalEra {
  era: ExtrinsicEra
  /** The block whose hash is signed: the first that may include it. */
  first: number
  last: number
}

/**
 * The mortal era of `period` blocks that contains `current`, starting at `current` or, for more than 4096
 * blocks, up to 15 blocks before.
 * @param period a power of two, 4 … 65536
 * @throws ChainError `invalid_era`
 */
export function mortalEra(registry: Registry, period: number, current: number): MortalEra {
  if (!(period >= 4 && period <= 65536 && Number.isInteger(Math.log2(period)))) {
    const message = `an era of ${period} blocks: it must be a power of two, 4 … 65536`
    throw new ChainError('invalid_era', message)
  }
  const made = registry.createType('ExtrinsicEra', { current, period })
  // Decoded from the bytes, because the API's own fields are not rounded like them.
  const era = registry.createType('ExtrinsicEra', made.toU8a())
  const { asMortalEra: mortal } = era
  return { era, first: mortal.birth(current), last: mortal.death(current) - 1 }
}
