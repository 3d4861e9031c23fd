import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import {
  encodeAddress,
  mnemonicGenerate,
  mnemonicToMiniSecret,
  mnemonicValidate,
  sr25519PairFromSeed,
  sr25519Sign,
} from '../base/crypto.js'
import { isSs58, type Signer, sr25519Ready } from '../base/sr25519.js'
import { fromHex, toHex } from '../formats/bytes.js'
import { WalletError } from './errors.js'
import { assertAbsent, type OnWalletWarning, readKeyFile, writeKeyFile } from './wallet-files.js'

/**
 * Wallets in Bittensor's format, as its Python wallet writes and reads them (checked against PyPI
 * bittensor-wallet 4.1.1): `{path}/{name}/hotkeys/{hotkey}`, `{path}/{name}/coldkeypub.txt`, and
 * `{path}/{name}/coldkey`.
 */
export interface WalletName {
  /** The folder of all wallets; `~` is the home folder. */
  path: string
  name: string
  hotkey: string
}

const hex32 = z.string().regex(/^0x[0-9a-fA-F]{64}$/)
const publicFile = z.object({ ss58Address: z.string().refine(isSs58), publicKey: hex32 })
const keyFile = z.object({
  ss58Address: z.string().refine(isSs58),
  secretSeed: hex32.nullish(),
  secretPhrase: z.string().nullish(),
})

/**
 * Makes a coldkey and a hotkey from fresh phrases. The coldkey is stored without encryption: for
 * development; with real funds make the wallet with btcli and copy only the hotkey and
 * coldkeypub.txt here. An existing coldkey is kept and gets a further hotkey.
 * @param overwrite replaces both keys; without a copy of them the accounts are lost
 * @throws WalletError `wallet_exists` when the hotkey does, unless `overwrite`; `wallet_name`
 */
export async function createWallet(
  wallet: WalletName & { overwrite: boolean },
): Promise<{ hotkey: string; coldkey: string }> {
  await sr25519Ready()
  const { hotkeyPath } = locate(wallet)
  if (!wallet.overwrite) await assertAbsent(hotkeyPath)
  const coldkey = wallet.overwrite ? null : await coldkeyIfAny(wallet)
  // The hotkey comes last: a wallet that has it is whole.
  const address = coldkey ?? (await writeColdkey(wallet))
  const hotkey = newKey()
  await writeKeyFile(hotkeyPath, hotkey.secret, wallet.overwrite)
  return { hotkey: hotkey.ss58, coldkey: address }
}

/**
 * The hotkey's signer; its secret stays inside.
 * @throws WalletError `wallet_missing`, `wallet_encrypted`, `wallet_damaged`, `wallet_mismatch`, `wallet_name`
 */
export async function loadHotkey(
  wallet: WalletName & { onWarning?: OnWalletWarning },
): Promise<Signer> {
  await sr25519Ready()
  const { hotkeyPath } = locate(wallet)
  const file = await readKeyFile(hotkeyPath, keyFile, wallet.onWarning)
  const pair = sr25519PairFromSeed(seedOf(file, hotkeyPath))
  const ss58 = encodeAddress(pair.publicKey, 42)
  if (ss58 !== file.ss58Address) {
    const message = `${hotkeyPath} says ${file.ss58Address}, but its seed makes ${ss58}`
    throw new WalletError('wallet_mismatch', message, {
      hint: 'The file was edited or mixed up: restore it from a copy, or regenerate it from its phrase.',
    })
  }
  return { ss58, sign: (message) => sr25519Sign(message, pair) }
}

/** The coldkey's address, from `coldkeypub.txt`: its secret is never read. */
export async function coldkeyAddress({ path, name }: Omit<WalletName, 'hotkey'>): Promise<string> {
  const { coldkeyPubPath } = locate({ path, name, hotkey: 'default' })
  const file = await readKeyFile(coldkeyPubPath, publicFile)
  const ss58 = encodeAddress(fromHex(file.publicKey.slice(2).toLowerCase()), 42)
  if (ss58 !== file.ss58Address) {
    const message = `${coldkeyPubPath} says ${file.ss58Address}, but its public key is ${ss58}`
    throw new WalletError('wallet_mismatch', message, { hint: 'Restore the file from a copy.' })
  }
  return ss58
}

async function coldkeyIfAny(wallet: WalletName): Promise<string | null> {
  try {
    return await coldkeyAddress(wallet)
  } catch (error) {
    if (error instanceof WalletError && error.code === 'wallet_missing') return null
    throw error
  }
}

async function writeColdkey(wallet: WalletName & { overwrite: boolean }): Promise<string> {
  const { coldkeyPath, coldkeyPubPath } = locate(wallet)
  const coldkey = newKey()
  await writeKeyFile(coldkeyPath, coldkey.secret, wallet.overwrite)
  await writeKeyFile(coldkeyPubPath, coldkey.public, wallet.overwrite)
  return coldkey.ss58
}

function locate({ path, name, hotkey }: WalletName) {
  for (const part of [name, hotkey]) {
    if (!/^[A-Za-z0-9_][A-Za-z0-9._ -]*$/.test(part)) {
      const message = `"${part}" is no name for a wallet or hotkey: letters, digits and . _ - only`
      throw new WalletError('wallet_name', message)
    }
  }
  const folder = join(path.replace(/^~(?=$|\/)/, homedir()), name)
  return {
    coldkeyPath: join(folder, 'coldkey'),
    coldkeyPubPath: join(folder, 'coldkeypub.txt'),
    hotkeyPath: join(folder, 'hotkeys', hotkey),
  }
}

function newKey(): { ss58: string; secret: object; public: object } {
  const secretPhrase = mnemonicGenerate(12)
  const seed = mnemonicToMiniSecret(secretPhrase)
  const publicKey = sr25519PairFromSeed(seed).publicKey
  const ss58Address = encodeAddress(publicKey, 42)
  const id = `0x${toHex(publicKey)}`
  const shown = { accountId: id, publicKey: id, ss58Address }
  return {
    ss58: ss58Address,
    public: shown,
    secret: { ...shown, secretPhrase, secretSeed: `0x${toHex(seed)}` },
  }
}

function seedOf({ secretSeed, secretPhrase }: z.infer<typeof keyFile>, path: string): Uint8Array {
  if (secretSeed) return fromHex(secretSeed.slice(2).toLowerCase())
  if (secretPhrase && mnemonicValidate(secretPhrase)) return mnemonicToMiniSecret(secretPhrase)
  throw new WalletError('wallet_damaged', `${path} holds no secret seed and no valid phrase`, {
    hint: 'Is it a public key file? Regenerate the hotkey from its phrase with btcli.',
  })
}
