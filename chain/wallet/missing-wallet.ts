import { readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isSs58 } from '../../base/sr25519.js'
import { WalletError } from '../errors.js'
import { readKeyFile } from './files.js'
import { parsePublicFile } from './key-file.js'
import { type WalletName, walletPaths } from './paths.js'

/** Other files in these folders: public parts, copies of replaced keys, files being written. */
const NO_KEY = /^\.|pub\.txt$|\.backup-\d+$/
const MOST_NAMED = 8

/**
 * Adds the existing names to the error; distinguishes an address given instead of a name from a missing key.
 */
export async function explainMissing(wallet: WalletName, error: WalletError): Promise<WalletError> {
  if (error.code !== 'wallet_missing') return error
  const { hotkey, coldkeyPub } = walletPaths(wallet)
  const [wallets, hotkeys] = [dirname(dirname(coldkeyPub)), dirname(hotkey)]
  if (isSs58(wallet.name)) {
    const names = await namesIn(wallets)
    const known = await nameOf(wallet.name, names, (name) => [
      join(wallets, name, 'coldkeypub.txt'),
    ])
    return addressFor('--wallet.name', wallet.name, known, listed(`wallets in ${wallets}`, names))
  }
  const names = await namesIn(hotkeys)
  if (isSs58(wallet.hotkey)) {
    const known = await nameOf(wallet.hotkey, names, (name) => [
      join(hotkeys, name),
      join(hotkeys, `${name}pub.txt`),
    ])
    const there = listed(`hotkeys of wallet ${wallet.name}`, names)
    return addressFor('--wallet.hotkey', wallet.hotkey, known, there)
  }
  const there =
    names.length > 0
      ? listed(`hotkeys of wallet ${wallet.name}`, names)
      : listed(`wallets in ${wallets}`, await namesIn(wallets))
  const hint = [there, error.hint].filter((text) => text !== null).join(' ')
  return new WalletError(error.code, error.message, { hint, cause: error })
}

/** @throws WalletError `wallet_name`: a file named by an address would look like that address's key */
export function assertNoAddress({ name, hotkey }: WalletName): void {
  for (const [option, given] of [
    ['--wallet.name', name],
    ['--wallet.hotkey', hotkey],
  ] as const) {
    if (!isSs58(given)) continue
    throw new WalletError('wallet_name', `${option} takes a name, not an address (${given})`, {
      hint: 'Choose a name. For a coldkey on another machine, use --coldkey-address.',
    })
  }
}

function addressFor(
  option: string,
  address: string,
  name: string | null,
  there: string | null,
): WalletError {
  const hint =
    name === null
      ? (there ?? 'Make one: fractal wallet create.')
      : `It is ${name}: ${option} ${name}`
  const message = `${option} takes a name, not an address (${address})`
  return new WalletError('wallet_missing', message, { hint })
}

async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [])
  return names.filter((name) => !NO_KEY.test(name)).sort()
}

async function nameOf(
  address: string,
  names: readonly string[],
  filesOf: (name: string) => string[],
): Promise<string | null> {
  for (const name of names) {
    for (const file of filesOf(name)) {
      // Unreadable files are skipped; loading such a key explains why.
      const its = await readKeyFile(file).then(
        ({ bytes }) => statedAddress(file, bytes),
        () => null,
      )
      if (its === address) return name
    }
  }
  return null
}

function statedAddress(file: string, bytes: Buffer): string | null {
  try {
    return parsePublicFile(file, bytes)
  } catch {
    return null
  }
}

function listed(what: string, names: readonly string[]): string | null {
  if (names.length === 0) return null
  const more = names.length > MOST_NAMED ? ', …' : ''
  return `The ${what}: ${names.slice(0, MOST_NAMED).join(', ')}${more}.`
}
