import { mnemonicGenerate } from '../../base/crypto.js'
import { sr25519Ready } from '../../base/sr25519.js'
import { toHex } from '../../formats/bytes.js'
import { WalletError } from '../errors.js'
import { assertAbsent, backUpKeyFile, isPresent, readKeyFile, writeKeyFile } from './files.js'
import { foreignFormat } from './foreign-formats.js'
import { parsePublicFile } from './key-file.js'
import { addressOf, pairFromSeed, publicKeyOf, seedFromPhrase } from './key-pair.js'
import { assertNoAddress } from './missing-wallet.js'
import { type WalletName, type WalletPaths, walletPaths } from './paths.js'
import { coldkeyAddress } from './wallet.js'

export interface NewHotkey extends WalletName {
  /** Replaces the hotkey, keeping a copy of its files next to them. Never the coldkey. */
  readonly overwrite: boolean
  /** Creates the key from this phrase; by default, from a random one. */
  readonly phrase?: string
  /** Called with the path of the copy of the replaced file. */
  readonly onCopy?: (path: string) => void
  /** Called with each random phrase once its key is stored. */
  readonly onPhrase?: (key: 'hotkey' | 'coldkey', phrase: string) => void
}

/**
 * Creates a hotkey, and a coldkey unless there is one. The coldkey is stored unencrypted, for development;
 * with real funds, create it elsewhere with btcli, and use `createHotkey` here.
 * @throws WalletError `wallet_exists`, `wallet_phrase`, `wallet_name`, `wallet_unwritable`; with `overwrite`
 * also `wallet_unreadable` and `wallet_damaged`, for a file that can't be copied and is left alone
 */
export async function createWallet(
  wallet: NewHotkey,
): Promise<{ hotkey: string; coldkey: string }> {
  const { paths, hotkey } = await prepare(wallet)
  const coldkey = (await knownColdkey(wallet)) ?? (await writeColdkey(paths, wallet.onPhrase))
  await writeHotkey(paths, hotkey, wallet)
  return { hotkey: hotkey.address, coldkey }
}

/**
 * Creates only a hotkey. The coldkey's secret must not be on machines that serve or judge.
 * @param coldkey its address, stored in `coldkeypub.txt`
 * @throws WalletError like `createWallet`; `wallet_mismatch` if the wallet has another coldkey
 */
export async function createHotkey(
  wallet: NewHotkey & { readonly coldkey?: string },
): Promise<{ hotkey: string; coldkey: string | null }> {
  const { paths, hotkey } = await prepare(wallet)
  const known = await knownColdkey(wallet)
  if (wallet.coldkey !== undefined && known === null) {
    await writeKeyFile(paths.coldkeyPub, publicPart(keyOfAddress(wallet.coldkey)), false)
  } else if (wallet.coldkey !== undefined && known !== addressOf(keyOfAddress(wallet.coldkey))) {
    throw new WalletError('wallet_mismatch', `${paths.coldkeyPub} names the coldkey ${known}`, {
      hint: 'Choose another --wallet.name: one wallet has one coldkey.',
    })
  }
  await writeHotkey(paths, hotkey, wallet)
  return { hotkey: hotkey.address, coldkey: known ?? wallet.coldkey ?? null }
}

/** Checks everything that can be refused before the first file is written. */
async function prepare(wallet: NewHotkey): Promise<{ paths: WalletPaths; hotkey: Key }> {
  await sr25519Ready()
  assertNoAddress(wallet)
  const paths = walletPaths(wallet)
  const hotkey = wallet.phrase === undefined ? drawKey() : keyOfPhrase(wallet.phrase)
  if (!wallet.overwrite) {
    await assertAbsent(paths.hotkey)
    await assertSameHotkey(paths.hotkeyPub, hotkey)
  }
  return { paths, hotkey }
}

/** The public part may exist alone, for a hotkey whose secret is on another machine. */
async function assertSameHotkey(path: string, { address }: Key): Promise<void> {
  if (!(await isPresent(path))) return
  const known = parsePublicFile(path, (await readKeyFile(path)).bytes)
  if (known === address) return
  throw new WalletError('wallet_exists', `${path} names the hotkey ${known}: it lives elsewhere`, {
    hint: 'Restore that key here from its phrase (--mnemonic -), or choose another --wallet.hotkey.',
  })
}

async function knownColdkey(wallet: WalletName): Promise<string | null> {
  try {
    return await coldkeyAddress(wallet)
  } catch (error) {
    if (error instanceof WalletError && error.code === 'wallet_missing') return null
    throw error
  }
}

async function writeColdkey(paths: WalletPaths, onPhrase: NewHotkey['onPhrase']): Promise<string> {
  if (await isPresent(paths.coldkey)) {
    throw new WalletError(
      'wallet_exists',
      `${paths.coldkey} exists, but its coldkeypub.txt does not`,
      {
        hint: 'Write that file again with its address: btcli wallet regen-coldkeypub.',
      },
    )
  }
  const coldkey = drawKey()
  await writeKeyFile(paths.coldkey, secretPart(coldkey), false)
  await writeKeyFile(paths.coldkeyPub, publicPart(coldkey.publicKey), false)
  onPhrase?.('coldkey', coldkey.phrase)
  return coldkey.address
}

/** The hotkey is written last, except for its public part: a wallet that has it is complete. */
async function writeHotkey(paths: WalletPaths, hotkey: Key, wallet: NewHotkey): Promise<void> {
  if (wallet.overwrite) {
    // Only the public part exists if the secret is elsewhere.
    const copy = (await backUpKeyFile(paths.hotkey)) ?? (await backUpKeyFile(paths.hotkeyPub))
    if (copy !== null) wallet.onCopy?.(copy)
  }
  await writeKeyFile(paths.hotkey, secretPart(hotkey), wallet.overwrite)
  await writeKeyFile(paths.hotkeyPub, publicPart(hotkey.publicKey), true)
  if (wallet.phrase === undefined) wallet.onPhrase?.('hotkey', hotkey.phrase)
}

interface Key {
  readonly phrase: string
  readonly seed: Uint8Array
  readonly publicKey: Uint8Array
  readonly address: string
}

function drawKey(): Key {
  return keyOfPhrase(mnemonicGenerate(12))
}

function keyOfPhrase(given: string): Key {
  const words = given.trim().split(/\s+/)
  const phrase = words.join(' ')
  const seed = seedFromPhrase(phrase)
  if (seed === null) {
    const isWords = words.every((word) => /^[a-z]+$/i.test(word))
    const format = isWords ? undefined : foreignFormat(given)?.name
    const what = format === undefined ? `words: ${words.length}` : `it holds ${format}`
    const message = `what was given (${what}) is not the phrase of a key`
    throw new WalletError('wallet_phrase', message, {
      hint: 'A phrase has 12, 15, 18, 21 or 24 English words in order; a single wrong word makes it invalid.',
    })
  }
  const { publicKey } = pairFromSeed(seed)
  return { phrase, seed, publicKey, address: addressOf(publicKey) }
}

/** @throws WalletError `wallet_name` */
function keyOfAddress(address: string): Uint8Array {
  const key = publicKeyOf(address)
  if (key !== null && addressOf(key) === address) return key
  throw new WalletError(
    'wallet_name',
    `"${address}" is not an address of this network (ss58, prefix 42)`,
    key === null ? {} : { hint: `Its address on this network is ${addressOf(key)}.` },
  )
}

function publicPart(publicKey: Uint8Array): Record<string, string> {
  const id = `0x${toHex(publicKey)}`
  return { accountId: id, publicKey: id, ss58Address: addressOf(publicKey) }
}

/** Only strings: tools before bittensor-wallet 4.0 refuse a file with a number as a value. */
function secretPart({ publicKey, phrase, seed }: Key): Record<string, string> {
  return { ...publicPart(publicKey), secretPhrase: phrase, secretSeed: `0x${toHex(seed)}` }
}
