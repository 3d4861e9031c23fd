import { z } from 'zod'
import type { Signer } from '../../../base/sr25519.js'
import type { WeightsCall, WeightsStep } from '../../chain.js'
import { customCodeName } from '../pool-errors.js'
import type { Session } from '../session.js'
import { signExtrinsic } from '../sign-extrinsic.js'
import { StateAt } from '../storage.js'
import { sealWeights } from '../weights/seal-weights.js'
import { weightsCall } from '../weights/weights-call.js'

/** `TransactionSource::External`, as used by a pool. */
const EXTERNAL = '02'

/** Variants of `InvalidTransaction`, in order. */
const INVALID = [
  ...['Call', 'Payment', 'Future', 'Stale', 'BadProof', 'AncientBirthBlock', 'ExhaustsResources'],
  ...['Custom', 'BadMandatory', 'MandatoryValidation', 'BadSigner', 'IndeterminateImplicit'],
]

const bytes = z.string().regex(/^0x([0-9a-f]{2})*$/)

export interface TriedExtrinsic {
  /** Whether the runtime decoded its bytes and believed its signature. */
  readonly isRead: boolean
  readonly said: string
}

/**
 * Has the runtime validate a signed weights extrinsic that is never sent, of the kind that the subnet takes. A key
 * without stake or funds is refused, but only after its bytes were decoded and its signature checked.
 * @throws ChainError: what signing and the connection throw
 */
export async function tryExtrinsic(
  session: Session,
  about: {
    netuid: number
    mechanism: number
    step: WeightsStep
    blockSeconds: number
    signer: Signer
  },
): Promise<TriedExtrinsic> {
  const { netuid, mechanism, step, blockSeconds, signer } = about
  const api = await session.latestApi()
  const call: WeightsCall = {
    ...{ step, netuid, uids: [0], values: [65535], versionKey: 0 },
    ...{ salt: [0], signer, eraBlocks: 16 },
  }
  const state = await StateAt.open(session, await session.head())
  const sealed = step === 'timelock' ? await sealWeights(state, call, blockSeconds) : null
  const made = weightsCall(api, call, { mechanism, sealed })
  const signed = await signExtrinsic(session, api, made.call, call)
  const head = await session.head()
  const given = `0x${EXTERNAL}${signed.bytes}${head.hash}`
  const method = 'TaggedTransactionQueue_validate_transaction'
  const answer = await session.read('state_call', [method, given, `0x${head.hash}`], bytes)
  const { isRead, said } = read(Buffer.from(answer.slice(2), 'hex'), signed.specVersion)
  return { isRead, said: `a signed ${made.call.method.method}, unsent: ${said}` }
}

/** A `TransactionValidity`. */
function read([failed, unknown, kind, custom]: Buffer, specVersion: number): TriedExtrinsic {
  if (failed === 0) return { isRead: true, said: 'read, and valid' }
  if (failed !== 1 || unknown === undefined || kind === undefined) {
    return { isRead: false, said: 'answered with something that no runtime says' }
  }
  if (unknown !== 0) return { isRead: true, said: 'read; the pool can’t look it up' }
  const name = INVALID[kind] ?? `reason ${kind}`
  if (name === 'BadProof') return { isRead: false, said: 'BadProof: this chain signs differently' }
  const code = custom === undefined ? null : customCodeName(custom, specVersion)
  const why = name === 'Custom' ? `code ${custom}${code === null ? '' : `, ${code}`}` : name
  return { isRead: true, said: `read, and refused as a stranger’s is (${why})` }
}
