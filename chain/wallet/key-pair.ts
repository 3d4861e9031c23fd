import {
  decodeAddress,
  encodeAddress,
  mnemonicToMiniSecret,
  mnemonicValidate,
  sr25519PairFromSeed,
  sr25519Sign,
  sr25519Verify,
} from '../../base/crypto.js'

/** Bytes of an sr25519 key, in the form that our signing uses. */
export interface KeyPair {
  readonly publicKey: Uint8Array
  readonly secretKey: Uint8Array
}

/** ss58 with Bittensor's prefix. */
export function addressOf(publicKey: Uint8Array): string {
  return encodeAddress(publicKey, 42)
}

/** The public key of an address of any network; null if it is not an address. */
export function publicKeyOf(address: string): Uint8Array | null {
  try {
    const key = decodeAddress(address)
    return key.length === 32 ? key : null
  } catch {
    return null
  }
}

export function pairFromSeed(seed: Uint8Array): KeyPair {
  return sr25519PairFromSeed(seed)
}

/** Substrate's derivation, without a password; null unless it is a phrase of English words. */
export function seedFromPhrase(phrase: string): Uint8Array | null {
  return mnemonicValidate(phrase) ? mnemonicToMiniSecret(phrase) : null
}

/**
 * The key pair for a private key as stored by Bittensor's wallets; null if it does not belong to the public
 * key. They store the plain scalar; Polkadot's code expects it multiplied by the cofactor 8.
 */
export function pairFromPrivateKey(stored: Uint8Array, publicKey: Uint8Array): KeyPair | null {
  const secretKey = Uint8Array.from(stored)
  let carry = 0
  for (let i = 0; i < 32; i++) {
    secretKey[i] = ((stored[i]! << 3) & 0xff) | carry
    carry = stored[i]! >> 5
  }
  const pair = { publicKey, secretKey }
  return carry === 0 && fits(pair) ? pair : null
}

/** The public key can't be derived from the private one here, so a test message is signed with it. */
function fits(pair: KeyPair): boolean {
  try {
    const message = new TextEncoder().encode('does this secret key fit its public key?')
    return sr25519Verify(message, sr25519Sign(message, pair), pair.publicKey)
  } catch {
    return false
  }
}
