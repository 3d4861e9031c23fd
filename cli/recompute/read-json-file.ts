import { open } from 'node:fs/promises'
import { FractalError } from '../../base/errors.js'

/**
 * The JSON in a file, or on standard input for `-`. Reading stops at the limit, so that no file fills the memory.
 * @param what it is meant to be: `receipt`
 * @throws FractalError `file_unreadable`, `file_too_large`, `file_malformed`
 */
export async function readJsonFile(
  source: string,
  what: string,
  maxBytes: number,
): Promise<unknown> {
  const bytes = await readBounded(source, what, maxBytes)
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    throw new FractalError('file_malformed', `${nameOf(source)} is no ${what}: it is not JSON.`)
  }
}

/** @throws FractalError `file_unreadable`, `file_too_large` */
export async function readBounded(
  source: string,
  what: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  try {
    const stream = source === '-' ? process.stdin : (await open(source)).createReadStream()
    for await (const chunk of stream) {
      length += chunk.length
      if (length > maxBytes) break
      chunks.push(chunk)
    }
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new FractalError('file_unreadable', `${nameOf(source)} can't be read (${code}).`)
  }
  if (length > maxBytes) {
    const most = `${Math.floor(maxBytes / 1_000_000)} MB`
    throw new FractalError(
      'file_too_large',
      `${nameOf(source)} is no ${what}: it has more than ${most}.`,
    )
  }
  return Buffer.concat(chunks)
}

function nameOf(source: string): string {
  return source === '-' ? 'Standard input' : source
}
