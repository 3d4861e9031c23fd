import { sr25519Ready } from '../../base/sr25519.js'
import { WalletError } from '../errors.js'
import { permissionsToFix, readKeyFile } from './files.js'
import { foreignFormat } from './foreign-formats.js'
import { parseHotkeyFile, parsePublicFile } from './key-file.js'
import { addressOf } from './key-pair.js'
import { keyText } from './key-text.js'
import { explainMissing } from './missing-wallet.js'
import { type WalletName, walletPaths } from './paths.js'

/** What can be reported of one key file without revealing a secret. */
export interface KeyState {
  readonly file: string
  readonly address: string | null
  /** For example `0600`; null if there is no such file, or it can't be read. */
  readonly permissions: string | null
  /** The command that makes the file private, if others can read it. */
  readonly fix: string | null
  readonly problem: WalletError | null
}

/** Whether the coldkey's secret is on this machine, where it should not be. */
export type ColdkeySecret = 'absent' | 'encrypted' | 'plain' | 'unreadable'

export interface WalletState {
  readonly hotkey: KeyState
  /** State of `coldkeypub.txt`. */
  readonly coldkey: KeyState & { readonly secret: ColdkeySecret }
}

/** @throws WalletError `wallet_name`; everything else is part of the answer */
export async function walletState(wallet: WalletName): Promise<WalletState> {
  await sr25519Ready()
  const paths = walletPaths(wallet)
  const [hotkey, coldkey, secret] = await Promise.all([
    keyState(paths.hotkey, (bytes) => addressOf(parseHotkeyFile(paths.hotkey, bytes).publicKey)),
    keyState(paths.coldkeyPub, (bytes) => parsePublicFile(paths.coldkeyPub, bytes)),
    coldkeySecret(paths.coldkey),
  ])
  const problem = hotkey.problem && (await explainMissing(wallet, hotkey.problem))
  // A public key may be readable by everybody.
  return { hotkey: { ...hotkey, problem }, coldkey: { ...coldkey, fix: null, secret } }
}

async function keyState(file: string, addressIn: (bytes: Buffer) => string): Promise<KeyState> {
  let seen: Pick<KeyState, 'permissions' | 'fix'> = { permissions: null, fix: null }
  try {
    const { bytes, mode } = await readKeyFile(file)
    seen = {
      permissions: mode.toString(8).padStart(4, '0'),
      fix: permissionsToFix(file, mode),
    }
    return { file, ...seen, address: addressIn(bytes), problem: null }
  } catch (error) {
    if (error instanceof WalletError) return { file, ...seen, address: null, problem: error }
    throw error
  }
}

async function coldkeySecret(path: string): Promise<ColdkeySecret> {
  try {
    const text = keyText(path, (await readKeyFile(path)).bytes)
    return foreignFormat(text)?.isEncrypted === true ? 'encrypted' : 'plain'
  } catch (error) {
    if (!(error instanceof WalletError)) throw error
    if (error.code === 'wallet_missing') return 'absent'
    return error.code === 'wallet_encrypted' ? 'encrypted' : 'unreadable'
  }
}
