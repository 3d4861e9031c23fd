import { concat } from '../../formats/bytes.js'
import { ChainError } from '../errors.js'
import type { Runtime } from './runtime.js'

/** What an extrinsic of ours says of itself. */
export interface SignedTerms {
  nonce: number
  era: Uint8Array
  /** 32 bytes each. */
  genesis: Uint8Array
  eraFirstHash: Uint8Array
}

/** In the extrinsic's own bytes, by the extension's name; the others have nothing there. */
type Parts = (terms: SignedTerms, runtime: Runtime) => Uint8Array
const EXTRA: Readonly<Record<string, Parts>> = {
  CheckMortality: ({ era }) => era,
  CheckEra: ({ era }) => era,
  CheckNonce: ({ nonce }, runtime) => runtime.registry.createType('Compact<u32>', nonce).toU8a(),
  // No tip. Newer runtimes wrap it to let coldkeys pay; the bytes are the same.
  ChargeTransactionPayment: () => Uint8Array.of(0),
  ChargeTransactionPaymentWrapper: () => Uint8Array.of(0),
  // Without the metadata's hash.
  CheckMetadataHash: () => Uint8Array.of(0),
}
/** In the signed text alone. */
const IMPLICIT: Readonly<Record<string, Parts>> = {
  CheckSpecVersion: (_, { registry, version }) =>
    registry.createType('u32', version.specVersion).toU8a(),
  CheckTxVersion: (_, { registry, version }) =>
    registry.createType('u32', version.transactionVersion).toU8a(),
  CheckGenesis: ({ genesis }) => genesis,
  CheckMortality: ({ eraFirstHash }) => eraFirstHash,
  CheckEra: ({ eraFirstHash }) => eraFirstHash,
  CheckMetadataHash: () => Uint8Array.of(0),
}

/**
 * What the runtime's extensions want in a signed extrinsic, in its order. One that this version does
 * not know may be there as long as it has no bytes: what bytes it wants can't be guessed.
 * @throws ChainError `extension_unsupported`
 */
export function signedExtensions(
  runtime: Runtime,
  terms: SignedTerms,
): { extra: Uint8Array; implicit: Uint8Array } {
  const extra: Uint8Array[] = []
  const implicit: Uint8Array[] = []
  for (const extension of runtime.signedExtensions) {
    const { name } = extension
    extra.push(part(EXTRA[name], extension.extra))
    implicit.push(part(IMPLICIT[name], extension.implicit))

    function part(known: Parts | undefined, type: string): Uint8Array {
      const size = runtime.registry.createTypeUnsafe(type, []).toU8a().length
      if (size === 0) return new Uint8Array()
      if (known !== undefined) return known(terms, runtime)
      const { specVersion } = runtime.version
      const message = `runtime ${specVersion} wants extrinsics to carry ${name}, which this version can't fill`
      throw new ChainError('extension_unsupported', message, {
        hint: 'Update Fractal: the chain has changed how extrinsics are signed.',
      })
    }
  }
  return { extra: concat(...extra), implicit: concat(...implicit) }
}
