import { encodeAddress, sr25519PairFromSeed, sr25519Sign } from '../../base/crypto.js'
import type { Signer } from '../../base/sr25519.js'
import { utf8 } from '../../formats/bytes.js'
import { sha256 } from '../../formats/sha256.js'

/** A key of its name alone; after sr25519Ready. */
export function testSigner(name: string): Signer {
  const pair = sr25519PairFromSeed(sha256(utf8(`fractal test key ${name}`)))
  return {
    ss58: encodeAddress(pair.publicKey, 42),
    sign: (message) => sr25519Sign(message, pair),
  }
}
