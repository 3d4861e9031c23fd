import { z } from 'zod'
import { fromHex, toHex } from '../../formats/bytes.js'
import { WalletError } from '../errors.js'
import { damaged } from './files.js'
import { type ForeignFormat, foreignFormat } from './foreign-formats.js'
import {
  addressOf,
  type KeyPair,
  pairFromPrivateKey,
  pairFromSeed,
  publicKeyOf,
  seedFromPhrase,
} from './key-pair.js'
import { keyJson, keyText } from './key-text.js'

const hex = (bytes: number) =>
  z
    .string()
    .regex(new RegExp(`^(0x)?[0-9a-fA-F]{${2 * bytes}}$`))
    .transform((text) => fromHex(text.replace(/^0x/, '').toLowerCase()))
    .nullish()

const publicParts = {
  publicKey: hex(32),
  accountId: hex(32),
  ss58Address: z
    .string()
    .transform((address, context) => publicKeyOf(address) ?? fail(context))
    .nullish(),
}
const publicFile = z.object(publicParts)
const secretFile = z.object({
  ...publicParts,
  secretSeed: hex(32),
  secretPhrase: z
    .string()
    .transform((phrase, context) => seedFromPhrase(phrase) ?? fail(context))
    .nullish(),
  privateKey: hex(64),
})
type PublicParts = z.infer<typeof publicFile>
type SecretParts = z.infer<typeof secretFile>

const SR25519 = 1
const HOTKEY_HINT =
  'Restore it from a copy, or write it again from its phrase: fractal wallet create --mnemonic - --overwrite (which keeps this one as a copy).'
const OTHERS_HINT =
  'Leave it to the program that it belongs to, and choose another --wallet.hotkey.'

/**
 * Parses a hotkey file as written by any version of Bittensor's wallets. All its fields must be consistent.
 * @throws WalletError `wallet_encrypted`, `wallet_crypto`, `wallet_damaged`, `wallet_mismatch`
 */
export function parseHotkeyFile(path: string, bytes: Buffer): KeyPair {
  const text = keyText(path, bytes)
  refuseForeign(path, text, ({ advice }) =>
    advice === undefined ? OTHERS_HINT : `Leave it as it is; under another name, ${advice}.`,
  )
  const json = keyJson(text)
  if (json === undefined) throw damaged(path, 'is truncated, or is not a key file', HOTKEY_HINT)
  // Before its fields are checked: an ed25519 private key has 32 bytes.
  refuseOtherCrypto(path, json)
  const file = parse(path, secretFile, json)
  const stated = statedKey(path, file)
  const pairs = secretsOf(path, file, stated)
  const [pair] = pairs
  if (pair === undefined && stated === undefined) {
    throw damaged(path, 'is JSON without a field of a key file', OTHERS_HINT)
  }
  if (pair === undefined) {
    throw damaged(path, 'holds no secret: it is the public part of a key', HOTKEY_HINT)
  }
  for (const other of [stated, ...pairs.map(({ publicKey }) => publicKey)]) {
    if (other !== undefined && toHex(other) !== toHex(pair.publicKey)) {
      throw mismatch(path, addressOf(other), addressOf(pair.publicKey))
    }
  }
  return pair
}

/**
 * The address in a `coldkeypub.txt`: JSON, or the bare public key that the first wallet versions wrote.
 * @throws WalletError `wallet_damaged`, `wallet_mismatch`, `wallet_encrypted`
 */
export function parsePublicFile(path: string, bytes: Buffer): string {
  const text = keyText(path, bytes)
  const bare = /^\s*0x([0-9a-fA-F]{64})\s*$/.exec(text)?.[1]
  if (bare !== undefined) return addressOf(fromHex(bare.toLowerCase()))
  refuseForeign(path, text, () => PUBLIC_HINT)
  const json = keyJson(text)
  if (json === undefined) throw damaged(path, 'is truncated, or is not a key file', PUBLIC_HINT)
  const key = statedKey(path, parse(path, publicFile, json))
  if (key === undefined) throw damaged(path, 'contains no public key', PUBLIC_HINT)
  return addressOf(key)
}

const PUBLIC_HINT = 'Restore it from a copy, or run: btcli wallet regen-coldkeypub.'

function secretsOf(
  path: string,
  file: SecretParts,
  stated: Uint8Array | undefined,
): readonly KeyPair[] {
  const seeds = [file.secretSeed, file.secretPhrase].filter((seed) => seed != null)
  if (seeds.length > 0) return seeds.map(pairFromSeed)
  if (file.privateKey == null) return []
  if (stated === undefined) throw damaged(path, 'contains no public key for its private key')
  const pair = pairFromPrivateKey(file.privateKey, stated)
  if (pair === null) throw mismatch(path, addressOf(stated), 'another key')
  return [pair]
}

function statedKey(path: string, file: PublicParts): Uint8Array | undefined {
  const keys = [file.ss58Address, file.publicKey, file.accountId].filter((key) => key != null)
  const other = keys.find((key) => toHex(key) !== toHex(keys[0]!))
  if (other !== undefined) throw mismatch(path, addressOf(keys[0]!), addressOf(other))
  return keys[0]
}

/** Names the fields, never their values: one may be the secret. */
function parse<T>(path: string, schema: z.ZodType<T>, json: object): T {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const fields = [...new Set(parsed.error.issues.map(({ path: [field] }) => String(field)))]
  throw damaged(path, `is damaged: its ${fields.join(', ')} can't be used`)
}

function refuseOtherCrypto(path: string, json: object): void {
  const type = 'cryptoType' in json ? json.cryptoType : null
  if (type === null || type === SR25519) return
  const name = type === 0 ? 'an ed25519 key' : 'a key of another kind than sr25519'
  throw new WalletError('wallet_crypto', `${path} holds ${name}: not supported`, {
    hint: 'The network’s signatures are sr25519. Make a hotkey of that kind (--crypto-type sr25519) and register it.',
  })
}

function refuseForeign(
  path: string,
  text: string,
  hintOf: (format: ForeignFormat) => string,
): void {
  const format = foreignFormat(text)
  if (format !== null) throw damaged(path, `holds ${format.name}`, hintOf(format))
}

function mismatch(path: string, says: string, makes: string): WalletError {
  return new WalletError('wallet_mismatch', `${path} says ${says}, but its key is ${makes}`, {
    hint: 'The file was edited or mixed up: restore it from a copy, or regenerate it from its phrase.',
  })
}

function fail(context: z.RefinementCtx): never {
  context.addIssue({ code: 'custom', message: 'can’t be used' })
  return z.NEVER
}
