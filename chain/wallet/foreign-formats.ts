import { z } from 'zod'
import { publicKeyOf, seedFromPhrase } from './key-pair.js'

/** Key formats of other programs. */
export interface ForeignFormat {
  /** Continues "holds". */
  readonly name: string
  readonly isEncrypted: boolean
  /** How to make a hotkey from it; undefined if that is not possible. */
  readonly advice?: string
}

const polkadot = z.object({
  encoded: z.string(),
  encoding: z.object({
    content: z.union([z.string(), z.array(z.string())]),
    type: z.union([z.string(), z.array(z.string())]),
  }),
})
const cipher = z.object({ ciphertext: z.string(), cipher: z.string() })
const ethereum = z.union([z.object({ crypto: cipher }), z.object({ Crypto: cipher })])
const metamask = z.object({ data: z.string(), iv: z.string(), salt: z.string() })
const bytes64 = z.array(z.int().min(0).max(255)).length(64)

const FROM_PHRASE = 'from its phrase: fractal wallet create --wallet.hotkey NAME --mnemonic -'
const FROM_THIS_PHRASE = 'fractal wallet create --wallet.hotkey NAME --mnemonic FILE'
const FROM_JSON = `with its password: btcli wallet regen-hotkey --hotkey NAME --json FILE; or ${FROM_PHRASE}`
const FROM_SEED = 'if it is a seed: btcli wallet regen-hotkey --hotkey NAME --seed 0x…'

/** The format of a file's text, if it is known and not one of Bittensor's; else null. */
export function foreignFormat(text: string): ForeignFormat | null {
  const json = parseJson(text)
  if (typeof json === 'object' && json !== null) return foreignJson(json)
  // Bare digits are valid JSON too, but may be hexadecimal.
  return foreignText((typeof json === 'string' ? json : text).trim())
}

function foreignJson(json: object): ForeignFormat | null {
  const backup = polkadot.safeParse(json).data
  if (backup !== undefined) {
    const content = [backup.encoding.content].flat()
    const isBatch = content.some((name) => name.startsWith('batch')) || 'accounts' in json
    const kind = isBatch ? 'several accounts' : 'one account'
    return {
      name: `a JSON backup of Polkadot.js, SubWallet or Talisman (${kind})`,
      isEncrypted: ![backup.encoding.type].flat().includes('none'),
      advice: isBatch ? FROM_PHRASE : FROM_JSON,
    }
  }
  if (ethereum.safeParse(json).success) {
    return { name: 'a keystore of Ethereum', isEncrypted: true }
  }
  if (metamask.safeParse(json).success) return { name: 'a vault of MetaMask', isEncrypted: true }
  if (bytes64.safeParse(json).success) {
    return { name: 'a keypair of Solana (id.json)', isEncrypted: false }
  }
  return null
}

function foreignText(text: string): ForeignFormat | null {
  const armor = /^-----BEGIN ([A-Z0-9 ]{1,60})-----/.exec(text)?.[1]
  if (armor !== undefined) {
    return { name: `PEM (${armor})`, isEncrypted: /ENCRYPTED|PGP MESSAGE/.test(text) }
  }
  if (/^(0x)?[0-9a-fA-F]{64}$/.test(text)) {
    const name =
      'bare hexadecimal: a public key as the first wallets wrote it, or a seed; nothing says which'
    return { name, isEncrypted: false, advice: FROM_SEED }
  }
  if (/^(0x)?[0-9a-fA-F]{128}$/.test(text)) {
    return { name: 'a private key in bare hexadecimal', isEncrypted: false, advice: FROM_PHRASE }
  }
  if (/^[a-z]+(\s+[a-z]+){11,23}$/.test(text) || seedFromPhrase(text) !== null) {
    return { name: 'a bare phrase, not a key file', isEncrypted: false, advice: FROM_THIS_PHRASE }
  }
  if (publicKeyOf(text) !== null) return { name: 'an address, not a key', isEncrypted: false }
  if (/^[1-9A-HJ-NP-Za-km-z]{86,88}$/.test(text)) {
    return { name: 'a private key in base58, as Solana’s wallets show it', isEncrypted: false }
  }
  return null
}

/** A file's text parsed as JSON; undefined if it is not JSON. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
