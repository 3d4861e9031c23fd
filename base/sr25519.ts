import {
  cryptoWaitReady,
  decodeAddress,
  encodeAddress,
  sr25519Verify,
  sr25519VerifyWasm,
} from './crypto.js'

/** Signs with a key that stays in this process. */
export interface Signer {
  /** ss58, prefix 42. */
  readonly ss58: string
  /** sr25519 signature over the bytes: 64 bytes. */
  sign(message: Uint8Array): Uint8Array
}

/** Call once before any signing or verifying: the sr25519 code is WebAssembly. */
export async function sr25519Ready(): Promise<void> {
  await cryptoWaitReady()
}

/** `0x` + 128 hex over UTF-8 text. */
export function signText(signer: Signer, text: string): string {
  return `0x${Buffer.from(signer.sign(new TextEncoder().encode(text))).toString('hex')}`
}

/** False for anything malformed: a bad signature and a bad key are the same to the caller. */
export function verifyText(ss58: string, text: string, signature: string): boolean {
  if (!/^0x[0-9a-f]{128}$/.test(signature) || !isSs58(ss58)) return false
  try {
    return sr25519Verify(
      new TextEncoder().encode(text),
      Buffer.from(signature.slice(2), 'hex'),
      decodeAddress(ss58),
    )
  } catch {
    return false
  }
}

/** Schnorrkel sets it in the last byte of each signature; without it, it is none. */
const MARKER = 0x80

/**
 * `verifyText` for many texts of few signers: each address is read once, and the arithmetic is WebAssembly's.
 * @returns false where `verifyText` says so
 */
export function manyTextsVerifier(): typeof verifyText {
  const keys = new Map<string, Uint8Array | null>()
  return (ss58, text, signature) => {
    const known = keys.get(ss58)
    const key = known === undefined ? (isSs58(ss58) ? decodeAddress(ss58) : null) : known
    keys.set(ss58, key)
    if (key === null || !/^0x[0-9a-f]{128}$/.test(signature)) return false
    const bytes = Buffer.from(signature.slice(2), 'hex')
    if ((bytes[63]! & MARKER) === 0) return false
    return sr25519VerifyWasm(bytes, new TextEncoder().encode(text), key)
  }
}

/** An address of 32 bytes with prefix 42 has 48 characters, or one less. Decoding takes quadratic time. */
const MAX_SS58_LENGTH = 48

/** True for an address of 32 bytes with prefix 42 in canonical form. */
export function isSs58(text: string): boolean {
  if (text.length > MAX_SS58_LENGTH) return false
  try {
    const key = decodeAddress(text)
    return key.length === 32 && encodeAddress(key, 42) === text
  } catch {
    return false
  }
}
