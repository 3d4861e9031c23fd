import { closeSync, openSync, readSync } from 'node:fs'
import { FractalError } from '../errors.js'

/** Far more than any secret has: naming a log or a video by mistake fails at once. */
const MAX_BYTES = 65_536

/**
 * Reads a secret from a file, as container engines provide them; the trailing newline is not part of it.
 * Pipes work too (`--database.password_file <(pass show fractal)`).
 * @param from what named the file, for the error
 * @throws FractalError `bad_option`; never shows the contents of the file
 */
export function readSecretFile(path: string, from: string): string {
  const refuse = (what: string, hint: string) => new FractalError('bad_option', what, { hint })
  const bytes = Buffer.alloc(MAX_BYTES + 1)
  let length = 0
  try {
    const file = openSync(path, 'r')
    try {
      for (let read = -1; read !== 0 && length < bytes.length; length += read) {
        read = readSync(file, bytes, length, bytes.length - length, null)
      }
    } finally {
      closeSync(file)
    }
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw refuse(
      `${from}: the file ${path} can't be read (${code})`,
      'It takes the path of a file that holds the secret and nothing else, readable by this user.',
    )
  }
  if (length > MAX_BYTES) {
    throw refuse(
      `${from}: the file ${path} is too large for a secret`,
      `It may have at most ${MAX_BYTES} bytes.`,
    )
  }
  const secret = decode(bytes.subarray(0, length))
  if (secret === null) {
    throw refuse(`${from}: the file ${path} is not text`, 'It takes text in UTF-8.')
  }
  const trimmed = secret.replace(/\r?\n$/, '')
  if (trimmed.trim() === '') {
    throw refuse(
      `${from}: the file ${path} is empty`,
      'Write the secret into it, and nothing else.',
    )
  }
  return trimmed
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
