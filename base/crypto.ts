import { createRequire } from 'node:module'

/**
 * Polkadot's cryptography, loaded as CommonJS: as ES modules, its three hundred files go through tsx's hooks
 * one by one, which costs every process half a second of CPU at startup.
 */
const require = createRequire(import.meta.url)
const utilCrypto: typeof import('@polkadot/util-crypto') = require('@polkadot/util-crypto')
const wasmCrypto: typeof import('@polkadot/wasm-crypto') = require('@polkadot/wasm-crypto')

/** In WebAssembly: takes a tenth of the time of `sr25519Verify`, which is JavaScript. Signature, message, key. */
export const { sr25519Verify: sr25519VerifyWasm } = wasmCrypto

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
