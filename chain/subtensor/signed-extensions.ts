import { createRequire } from 'node:module'
import type { ApiPromise } from '@polkadot/api'
import type { Metadata } from '@polkadot/types'
import type { SiLookupTypeId } from '@polkadot/types/interfaces'
import { ChainError } from '../errors.js'

// In its CommonJS form for the reason in base/crypto.ts.
const { findUnknownExtensions }: typeof import('@polkadot/types/extrinsic/signedExtensions') =
  createRequire(import.meta.url)('@polkadot/types/extrinsic/signedExtensions')

/** What Polkadot's API does not know by itself. */
export const EXTENSIONS = {
  // ChargeTransactionPayment, wrapped by newer Subtensor to let coldkeys pay; the bytes are the same.
  ChargeTransactionPaymentWrapper: { extrinsic: { tip: 'Compact<Balance>' }, payload: {} },
}

/**
 * One that nobody here knows may be in a runtime as long as it adds no bytes to an extrinsic or to the
 * signed text: what bytes it wants can't be guessed. Polkadot's API leaves it out in either case.
 * @throws ChainError `extension_unsupported`
 */
export function assertExtensionsKnown(api: ApiPromise): void {
  const found = signedExtensionNames(api).find(({ isKnown }) => !isKnown)
  if (found === undefined) return
  const message = `runtime ${api.runtimeVersion.specVersion} wants extrinsics to carry ${found.name}, which this version can't fill`
  throw new ChainError('extension_unsupported', message, {
    hint: 'Update Fractal: the chain has changed how extrinsics are signed.',
  })
}

/** What the runtime wants extrinsics to carry, and whether we can fill it. */
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

/** With the types of what each adds to an extrinsic and of what it adds to the signed text alone. */
function extensionsIn(metadata: Metadata): { name: string; parts: SiLookupTypeId[] }[] {
  if (metadata.version > 15) {
    return metadata.asV16.extrinsic.transactionExtensions.map(({ identifier, type, implicit }) => ({
      name: identifier.toString(),
      parts: [type, implicit],
    }))
  }
  // Not by asLatest: converted to metadata 16, the second type is lost.
  return metadata.asV15.extrinsic.signedExtensions.map(
    ({ identifier, type, additionalSigned }) => ({
      name: identifier.toString(),
      parts: [type, additionalSigned],
    }),
  )
}
