import { randomUUID } from 'node:crypto'
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { WalletError } from './errors.js'

/** Something that should be put right and does not stop anything, as a sentence. */
export type OnWalletWarning = (warning: string) => void

/** How encrypted key files begin: NaCl (today's), Ansible vault and Fernet (old ones). */
const ENCRYPTED = ['$NACL', '$ANSIBLE_VAULT', 'gAAAAA']

/** @throws WalletError `wallet_missing`, `wallet_encrypted`, `wallet_damaged` */
export async function readKeyFile<T>(
  path: string,
  schema: z.ZodType<T>,
  onWarning?: OnWalletWarning,
): Promise<T> {
  const text = await readText(path)
  if (ENCRYPTED.some((start) => text.startsWith(start))) {
    throw new WalletError('wallet_encrypted', `${path} is encrypted, which is not supported`, {
      hint: 'Regenerate it from its phrase: btcli wallet regen-hotkey --no-use-password.',
    })
  }
  const { mode } = await stat(path)
  if (onWarning !== undefined && (mode & 0o077) !== 0) {
    onWarning(`${path} can be read by others; run: chmod 600 '${path}'`)
  }
  const parsed = schema.safeParse(parseJson(text))
  if (parsed.success) return parsed.data
  // The parse error is left out: it may quote the file.
  const what = text.trim() === '' ? 'is empty' : 'is truncated, or is no key file'
  throw new WalletError('wallet_damaged', `${path} ${what}`, {
    hint: 'Restore it from a copy, or regenerate the key from its phrase with btcli.',
  })
}

/** @throws WalletError `wallet_exists` */
export async function assertAbsent(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found !== null) throw walletExists(path)
}

/**
 * The file whole or not at all, readable by its owner only.
 * @throws WalletError `wallet_exists` unless `overwrite`
 */
export async function writeKeyFile(
  path: string,
  content: object,
  overwrite: boolean,
): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 })
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, JSON.stringify(content), { mode: 0o600, flag: 'wx' })
    // A link, unlike a rename, fails where a file stands: no key is ever overwritten by accident.
    if (overwrite) await rename(temporary, path)
    else await link(temporary, path)
  } catch (cause) {
    throw cause instanceof Error && 'code' in cause && cause.code === 'EEXIST'
      ? walletExists(path)
      : cause
  } finally {
    await rm(temporary, { force: true })
  }
}

function walletExists(path: string): WalletError {
  return new WalletError('wallet_exists', `${path} exists and is not overwritten`, {
    hint: 'Choose another --wallet.name or --wallet.hotkey.',
  })
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      throw new WalletError('wallet_missing', `there is no key file ${path}`, {
        hint: 'Check --wallet.path, --wallet.name and --wallet.hotkey, or make it with btcli.',
        cause,
      })
    }
    throw new WalletError('wallet_damaged', `${path} cannot be read`, { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
