import { createRequire } from 'node:module'

/**
 * Polkadot's cryptography, loaded as CommonJS: as ES modules, its three hundred files go through tsx's hooks
 * one by one, which costs every process half a second of CPU at startup.
 */
const require = createRequire(import.meta.url)
const utilCrypto: typeof import('@polkadot/util-crypto') = require('@polkadot/util-crypto')
const wasmCrypto: typeof import('@polkadot/wasm-crypto') = require('@polkadot/wasm-crypto')

export const {
  cryptoWaitReady,
  decodeAddress,
  encodeAddress,
  mnemonicGenerate,
  mnemonicToMiniSecret,
  mnemonicValidate,
  sr25519PairFromSeed,
} = utilCrypto

/** Schnorrkel sets it in the last byte of each signature; without it, it is none. */
const MARKER = 0x80

/**
 * 64 bytes. In WebAssembly, like `sr25519Verify`: util-crypto's own are JavaScript and take ten times as long,
 * milliseconds of each request.
 * @throws Error before `cryptoWaitReady`
 */
export function sr25519Sign(
  message: Uint8Array,
  pair: { publicKey: Uint8Array; secretKey: Uint8Array },
): Uint8Array {
  return wasmCrypto.sr25519Sign(pair.publicKey, pair.secretKey, message)
}

/**
 * @param signature 64 bytes
 * @param publicKey 32 bytes
 * @throws Error before `cryptoWaitReady`
 */
export function sr25519Verify(
  message: Uint8Array,
  signature: Uint8Array,
  publicKey: Uint8Array,
): boolean {
  return (signature[63]! & MARKER) !== 0 && wasmCrypto.sr25519Verify(signature, message, publicKey)
}
