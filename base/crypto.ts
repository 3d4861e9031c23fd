import { createRequire } from 'node:module'

/**
 * Polkadot's cryptography, loaded as CommonJS: as ES modules, its three hundred files go through tsx's hooks
 * one by one, which costs every process half a second of CPU at startup.
 */
const utilCrypto: typeof import('@polkadot/util-crypto') = createRequire(import.meta.url)(
  '@polkadot/util-crypto',
)

export const {
  cryptoWaitReady,
  decodeAddress,
  encodeAddress,
  mnemonicGenerate,
  mnemonicToMiniSecret,
  mnemonicValidate,
  sr25519PairFromSeed,
  sr25519Sign,
  sr25519Verify,
} = utilCrypto
