import { createHash } from 'node:crypto'

/** A key that encrypts what Temporal stores. */
export interface PayloadKey {
  /** Stored with what it encrypted; reveals nothing about the key. */
  readonly id: string
  /** 32 bytes. */
  readonly bytes: Uint8Array
}

/**
 * Parses a key file: one key per line (or separated by commas), each 32 bytes in hex or base64. Lines that
 * begin with # are ignored.
 * @returns null if there is anything else, no key, or a duplicate
 */
export function parsePayloadKeys(text: string): PayloadKey[] | null {
  const written = text
    .split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((key) => key.trim())
    .filter((key) => key !== '')
  const keys = written.map(bytesOf)
  if (keys.length === 0 || keys.some((bytes) => bytes === null)) return null
  const parsed = keys.map((bytes) => ({ id: idOf(bytes!), bytes: bytes! }))
  return new Set(parsed.map(({ id }) => id)).size === parsed.length ? parsed : null
}

function bytesOf(key: string): Uint8Array | null {
  if (/^[0-9a-f]{64}$/i.test(key)) return Buffer.from(key, 'hex')
  if (/^[A-Za-z0-9+/_-]{43}=?$/.test(key)) return Buffer.from(key, 'base64')
  return null
}

function idOf(bytes: Uint8Array): string {
  return createHash('sha256')
    .update('fractal payload key\0')
    .update(bytes)
    .digest('hex')
    .slice(0, 16)
}
