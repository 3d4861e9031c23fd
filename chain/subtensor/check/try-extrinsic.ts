import { z } from 'zod'
import type { Signer } from '../../../base/sr25519.js'
import type { WeightsCall } from '../../chain.js'
import type { Session } from '../session.js'
import { signExtrinsic } from '../sign-extrinsic.js'
import { weightsCall } from '../weights/weights-call.js'

/** `TransactionSource::External`, as used by a pool. */
const EXTERNAL = '02'

/** Variants of `InvalidTransaction`, in order. */
const INVALID = [
  ...['Call', 'Payment', 'Future', 'Stale', 'BadProof', 'AncientBirthBlock', 'ExhaustsResources'],
  ...['Custom', 'BadMandatory', 'MandatoryValidation', 'BadSigner', 'IndeterminateImplicit'],
]

const bytes = z.string().regex(/^0x([0-9a-f]{2})*$/)

/**
 * Has the runtime validate a signed weights extrinsic that is never sent: `valid`, or why its pool would
 * refuse it. A key without stake or funds is refused, but only after its bytes were decoded and its signature
 * checked; `BadProof` and `unreadable` mean that this chain signs differently.
 * @throws ChainError: what signing and the connection throw
 */
export async function tryExtrinsic(
  session: Session,
  netuid: number,
  signer: Signer,
): Promise<string> {
  const api = await session.latestApi()
  const call: WeightsCall = {
    ...{ step: 'set', netuid, uids: [0], values: [65535], versionKey: 0 },
    ...{ signer, eraBlocks: 16 },
  }
  const made = weightsCall(api, call, { mechanism: 0, sealed: null })
  const signed = await signExtrinsic(session, api, made.call, call)
  const head = await session.head()
  const given = `0x${EXTERNAL}${signed.bytes}${head.hash}`
  const method = 'TaggedTransactionQueue_validate_transaction'
  const answer = await session.read('state_call', [method, given, `0x${head.hash}`], bytes)
  const [failed, unknown, kind = 0, custom] = Buffer.from(answer.slice(2), 'hex')
  if (failed === 0) return 'valid'
  if (failed !== 1 || unknown === undefined) return 'unreadable'
  if (unknown !== 0) return 'read; the pool can’t look it up'
  const name = INVALID[kind] ?? `reason ${kind}`
  if (name === 'BadProof') return name
  return `read; refused ${name === 'Custom' ? `by its code ${custom}` : `as ${name}`}`
}
