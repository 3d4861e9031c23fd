import { LRUCache } from 'lru-cache'
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

/**
 * False for anything malformed: a bad signature and a bad key are the same to the caller.
 * @throws Error before `sr25519Ready`
 */
export function verifyText(ss58: string, text: string, signature: string): boolean {
  const key = publicKeyOf(ss58)
  if (key === null || !/^0x[0-9a-f]{128}$/.test(signature)) return false
  return sr25519Verify(new TextEncoder().encode(text), Buffer.from(signature.slice(2), 'hex'), key)
}

/** True for an address of 32 bytes with prefix 42 in canonical form. */
export function isSs58(text: string): boolean {
  return publicKeyOf(text) !== null
}

/** An address of 32 bytes with prefix 42 has 48 characters, or one less. Decoding takes quadratic time. */
const MAX_SS58_LENGTH = 48

/** Those read lately: reading one costs as much as a signature, and a subnet has a few hundred. */
const keys = new LRUCache<string, Uint8Array>({ max: 4096 })

function publicKeyOf(ss58: string): Uint8Array | null {
  if (ss58.length > MAX_SS58_LENGTH) return null
  const known = keys.get(ss58)
  if (known !== undefined) return known
  try {
    const key = decodeAddress(ss58)
    if (key.length !== 32 || encodeAddress(key, 42) !== ss58) return null
    keys.set(ss58, key)
    return key
  } catch {
    return null
  }
}
