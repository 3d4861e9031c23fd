import { homedir } from 'node:os'
import { join } from 'node:path'
import { WalletError } from '../errors.js'

/** A hotkey of a wallet. */
export interface WalletName {
  /** The folder of all wallets; `~` is the home folder. */
  path: string
  name: string
  hotkey: string
}

/** Where Bittensor's tools keep the keys of a wallet. */
export interface WalletPaths {
  readonly coldkey: string
  readonly coldkeyPub: string
  readonly hotkey: string
  /** Next to the hotkey; written by bittensor-wallet since 4.0. Not required. */
  readonly hotkeyPub: string
}

/** @throws WalletError `wallet_name` for a name that could leave the folder */
export function walletPaths({ path, name, hotkey }: WalletName): WalletPaths {
  for (const part of [name, hotkey]) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._ -]*$/.test(part)) {
      const message = `"${part}" is not a name for a wallet or hotkey: letters, digits and . _ - only`
      throw new WalletError('wallet_name', message)
    }
  }
  const folder = join(
    path.replace(/^~(?=$|\/)/, () => homedir()),
    name,
  )
  return {
    coldkey: join(folder, 'coldkey'),
    coldkeyPub: join(folder, 'coldkeypub.txt'),
    hotkey: join(folder, 'hotkeys', hotkey),
    hotkeyPub: join(folder, 'hotkeys', `${hotkey}pub.txt`),
  }
}
