import { cryptoWaitReady, decodeAddress, encodeAddress, sr25519Verify } from './crypto.js'

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
