import { createRequire } from 'node:module'
import type { ApiPromise } from '@polkadot/api'
import type { Metadata } from '@polkadot/types'
import type { SiLookupTypeId } from '@polkadot/types/interfaces'
import { ChainError } from '../errors.js'

// Loaded as CommonJS, for the reason given in base/crypto.ts.
const { findUnknownExtensions }: typeof import('@polkadot/types/extrinsic/signedExtensions') =
  createRequire(import.meta.url)('@polkadot/types/extrinsic/signedExtensions')

/** Signed extensions that Polkadot's API does not know. */
export const EXTENSIONS = {
  // ChargeTransactionPayment, which newer Subtensor wraps to let coldkeys pay; the bytes are the same.
  ChargeTransactionPaymentWrapper: { extrinsic: { tip: 'Compact<Balance>' }, payload: {} },
}

/**
 * An unknown extension is acceptable only if it adds no bytes to the extrinsic or to the signed payload,
 * because those can't be guessed. Polkadot's API omits it in either case.
 * @throws ChainError `extension_unsupported`
 */
export function assertExtensionsKnown(api: ApiPromise): void {
  const found = signedExtensionNames(api).find(({ isKnown }) => !isKnown)
  if (found === undefined) return
  const message = `runtime ${api.runtimeVersion.specVersion} requires extrinsics to have ${found.name}, which this version does not support`
  throw new ChainError('extension_unsupported', message, {
    hint: 'Update Fractal: the chain has changed how extrinsics are signed.',
  })
}

/** The runtime's signed extensions, and whether we support them. */
export function signedExtensionNames({
  registry,
  runtimeMetadata,
}: ApiPromise): { name: string; isKnown: boolean }[] {
  const sizeOf = (type: SiLookupTypeId) =>
    registry.createTypeUnsafe(registry.createLookupType(type), []).toU8a().length
  const unknown = findUnknownExtensions(registry.signedExtensions, EXTENSIONS)
  return extensionsIn(runtimeMetadata).map(({ name, parts }) => ({
    name,
    isKnown: !(unknown.includes(name) && parts.some((type) => sizeOf(type) > 0)),
  }))
}

/** Each with the types of what it adds to the extrinsic, and of what it adds only to the signed payload. */
function extensionsIn(metadata: Metadata): { name: string; parts: SiLookupTypeId[] }[] {
  if (metadata.version > 15) {
    return metadata.asV16.extrinsic.transactionExtensions.map(({ identifier, type, implicit }) => ({
      name: identifier.toString(),
      parts: [type, implicit],
    }))
  }
  // Not asLatest: the conversion to metadata 16 loses the second type.
  return metadata.asV15.extrinsic.signedExtensions.map(
    ({ identifier, type, additionalSigned }) => ({
      name: identifier.toString(),
      parts: [type, additionalSigned],
    }),
  )
}
