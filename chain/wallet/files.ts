import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, lstat, mkdir, open, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { WalletError } from '../errors.js'

/** A key file has about 600 bytes; one encrypted by old tools a few thousand. */
const MAX_BYTES = 65_536

const MISSING_HINT =
  'Check --wallet.path, --wallet.name and --wallet.hotkey, or create it: fractal wallet create.'

/** What a system error means, for the owner of the file. */
const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota is used up',
  ENOTDIR: 'a part of its path is not a folder',
  EISDIR: 'it is a folder',
  ELOOP: 'its links form a loop',
  ENAMETOOLONG: 'its name is too long',
}

export interface KeyFile {
  readonly bytes: Buffer
  /** Permission bits, of a link's target file. */
  readonly mode: number
}

/**
 * Reads a whole key file. Never blocks, even if it is a pipe or a device.
 * @throws WalletError `wallet_missing`, `wallet_unreadable`, `wallet_damaged`
 */
export async function readKeyFile(path: string): Promise<KeyFile> {
  let file: FileHandle
  try {
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    throw await notOpened(path, cause)
  }
  try {
    const stats = await file.stat()
    if (stats.isDirectory()) throw damaged(path, 'is a folder, not a key file')
    if (!stats.isFile()) throw damaged(path, 'is not a regular file')
    if (stats.size > MAX_BYTES)
      throw damaged(path, `has ${stats.size} bytes: that is not a key file`)
    return { bytes: await file.readFile(), mode: stats.mode & 0o777 }
  } finally {
    await file.close()
  }
}

/** The command that fixes the permissions, or null if only the owner can read the file. */
export function permissionsToFix(path: string, mode: number): string | null {
  // Windows has different permissions, which Node does not show here.
  if (process.platform === 'win32' || (mode & 0o077) === 0) return null
  return `chmod 600 '${path.replaceAll("'", "'\\''")}'`
}

/** Whether anything has this name, even a dangling link. */
export async function isPresent(path: string): Promise<boolean> {
  return (await lstat(path).catch(() => null)) !== null
}

/** @throws WalletError `wallet_exists` */
export async function assertAbsent(path: string): Promise<void> {
  if (await isPresent(path)) throw walletExists(path)
}

/**
 * Copies a file that is about to be replaced, next to it, private to its owner, and synced to disk. Older
 * copies are kept.
 * @returns the copy's path; null if there is no such file
 * @throws WalletError `wallet_unreadable`, `wallet_damaged` (it could not be copied), `wallet_unwritable`
 */
export async function backUpKeyFile(path: string): Promise<string | null> {
  const file = await readKeyFile(path).catch((error) => {
    if (error instanceof WalletError && error.code === 'wallet_missing') return null
    throw error
  })
  if (file === null) return null
  for (let n = 1; ; n++) {
    const copy = `${path}.backup-${n}`
    try {
      await writeKeyFile(copy, file.bytes, false)
      return copy
    } catch (error) {
      if (!(error instanceof WalletError && error.code === 'wallet_exists')) throw error
    }
  }
}

/**
 * Writes a file atomically, synced to disk, and private to its owner whatever the umask.
 * @throws WalletError `wallet_exists` unless `overwrite`; `wallet_unwritable`
 */
export async function writeKeyFile(
  path: string,
  content: object | Uint8Array,
  overwrite: boolean,
): Promise<void> {
  const folder = dirname(path)
  // A name that can't be mistaken for a key's, in case this process dies before it removes it.
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}.tmp`)
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause) => {
    // EEXIST means that there is a file where a folder should be.
    throw notWritten(path, codeOf(cause) === 'EEXIST' ? { code: 'ENOTDIR' } : cause)
  })
  try {
    const bytes = content instanceof Uint8Array ? content : JSON.stringify(content)
    await writeDurably(temporary, bytes)
    // A link, unlike a rename, fails if the file exists, so no key is ever overwritten by accident.
    if (overwrite) await rename(temporary, path)
    else await link(temporary, path)
    await syncFolder(folder)
  } catch (cause) {
    throw codeOf(cause) === 'EEXIST' ? walletExists(path) : notWritten(path, cause)
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined)
  }
}

async function writeDurably(path: string, content: string | Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(content)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY)
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

export function damaged(path: string, what: string, hint?: string): WalletError {
  return new WalletError('wallet_damaged', `${path} ${what}`, {
    hint: hint ?? 'Restore it from a copy, or regenerate the key from its phrase.',
  })
}

function walletExists(path: string): WalletError {
  return new WalletError('wallet_exists', `${path} exists and is not overwritten`, {
    hint: 'Choose another --wallet.name or --wallet.hotkey; --overwrite replaces a hotkey, and keeps a copy.',
  })
}

async function notOpened(path: string, cause: unknown): Promise<WalletError> {
  const code = codeOf(cause)
  if (code === 'ENOENT') {
    const isLink = await isPresent(path)
    const message = isLink ? `${path} is a link that leads nowhere` : `there is no key file ${path}`
    return new WalletError('wallet_missing', message, { hint: MISSING_HINT, cause })
  }
  const why = REFUSALS[code] ?? code
  return new WalletError('wallet_unreadable', `${path} can't be read: ${why}`, {
    hint: `Run this as the files' owner, or give them to user ${process.getuid?.() ?? '?'}: the files 0600, their folders 0700.`,
    cause,
  })
}

function notWritten(path: string, cause: unknown): WalletError {
  const code = codeOf(cause)
  return new WalletError(
    'wallet_unwritable',
    `${path} can't be written: ${REFUSALS[code] ?? code}`,
    {
      hint: 'Give --wallet.path a folder that this user may write.',
      cause,
    },
  )
}

function codeOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'code' in error
    ? String(error.code)
    : 'unknown'
}
