import { sr25519Sign } from '../../base/crypto.js'
import { type Signer, sr25519Ready } from '../../base/sr25519.js'
import { WalletError } from '../errors.js'
import { permissionsToFix, readKeyFile } from './files.js'
import { parseHotkeyFile, parsePublicFile } from './key-file.js'
import { addressOf } from './key-pair.js'
import { explainMissing } from './missing-wallet.js'
import { type WalletName, walletPaths } from './paths.js'

/** A problem that should be fixed but is not fatal, as a sentence. */
export type OnWalletWarning = (warning: string) => void

/**
 * The hotkey's signer; its secret stays inside. Supports the wallets of Bittensor's own tools
 * (test/fixtures/wallets has files from each of them).
 * @throws WalletError `wallet_missing`, `wallet_unreadable`, `wallet_encrypted`, `wallet_crypto`,
 * `wallet_damaged`, `wallet_mismatch`, `wallet_name`
 */
export async function loadHotkey(
  wallet: WalletName & { onWarning?: OnWalletWarning },
): Promise<Signer> {
  await sr25519Ready()
  const path = walletPaths(wallet).hotkey
  const { bytes, mode } = await readKeyFile(path).catch(async (error) => {
    throw error instanceof WalletError ? await explainMissing(wallet, error) : error
  })
  const fix = permissionsToFix(path, mode)
  if (fix !== null) wallet.onWarning?.(`${path} can be read by others; run: ${fix}`)
  const pair = parseHotkeyFile(path, bytes)
  return { ss58: addressOf(pair.publicKey), sign: (message) => sr25519Sign(message, pair) }
}

/**
 * The coldkey's address, from `coldkeypub.txt`: its secret is never read.
 * @throws WalletError like `loadHotkey`
 */
export async function coldkeyAddress({ path, name }: Omit<WalletName, 'hotkey'>): Promise<string> {
  const file = walletPaths({ path, name, hotkey: 'default' }).coldkeyPub
  return parsePublicFile(file, (await readKeyFile(file)).bytes)
}
