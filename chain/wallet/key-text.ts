import { WalletError } from '../errors.js'
import { damaged } from './files.js'

/** How encrypted key files begin, from current and old tools. */
const ENCRYPTED: readonly [start: string, name: string][] = [
  ['$NACL', 'NaCl'],
  ['$ANSIBLE_VAULT', 'Ansible Vault'],
  ['gAAAAA', 'Fernet'],
]

/**
 * The text of a key file that is not encrypted.
 * @throws WalletError `wallet_encrypted`, `wallet_damaged`
 */
export function keyText(path: string, bytes: Buffer): string {
  const start = bytes.subarray(0, 16).toString('latin1')
  const method = ENCRYPTED.find(([marker]) => start.startsWith(marker))?.[1]
  if (method !== undefined) throw encrypted(path, method)
  const text = decode(bytes)
  if (text === null) throw damaged(path, 'is binary: that is not a key file')
  if (text.trim() === '') throw damaged(path, 'is empty')
  return text
}

/**
 * The JSON object of a key file, or undefined: it does not throw, because a parse error may quote the file.
 */
export function keyJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

function encrypted(path: string, method: string): WalletError {
  return new WalletError('wallet_encrypted', `${path} is encrypted (${method}): not supported`, {
    hint:
      'A process that starts by itself has nobody to ask for a password. Write the hotkey without one, ' +
      'from its phrase: fractal wallet create --mnemonic - --overwrite, or btcli wallet regen-hotkey. ' +
      'Coldkeys stay encrypted, and elsewhere.',
  })
}

function decode(bytes: Buffer): string | null {
  if (bytes.includes(0)) return null
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
