import { Keyring } from '@polkadot/keyring'
import { type Signer, sr25519Ready } from '../../base/sr25519.js'

/** A development key (`//Alice`), as every Substrate tool derives it. */
export async function devSigner(uri: string): Promise<Signer> {
  await sr25519Ready()
  const pair = new Keyring({ type: 'sr25519', ss58Format: 42 }).addFromUri(uri)
  return { ss58: pair.address, sign: (message) => pair.sign(message) }
}
