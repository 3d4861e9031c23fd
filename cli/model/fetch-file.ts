import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { FractalError, messageOf } from '../../base/errors.js'

/** Nothing came for so long: the connection is given up, and the rest is asked for anew. */
const STALL_MS = 30_000

export interface WantedFile {
  readonly url: string
  readonly to: string
  readonly size: number
  readonly sha256: string
}

/**
 * Fetches a file, or what is missing of it, and hashes all of it as it passes. A file that turns out wrong is removed.
 * @param onBytes called with how many bytes are here
 * @throws FractalError `download_failed` (another try may go on from here), `wrong_file`
 */
export async function fetchFile(
  { url, to, size, sha256 }: WantedFile,
  onBytes: (bytes: number) => void,
): Promise<void> {
  await mkdir(path.dirname(to), { recursive: true })
  const hash = createHash('sha256')
  let have = await sizeOf(to)
  if (have > size) {
    await rm(to)
    have = 0
  }
  if (have > 0) for await (const chunk of createReadStream(to)) hash.update(chunk as Buffer)
  onBytes(have)
  if (have < size || size === 0) {
    const rest = await request(url, have, size)
    await append(to, rest, size, hash, onBytes)
  }
  if (hash.digest('hex') === sha256) return
  await rm(to, { force: true })
  throw new FractalError('wrong_file', `${url} is not the file that the manifest names.`, {
    hint: 'Run it again; if it happens again, what is published there is damaged or was replaced.',
  })
}

async function request(
  url: string,
  from: number,
  size: number,
): Promise<AsyncIterable<Uint8Array>> {
  const stalled = new AbortController()
  const patience = () => setTimeout(() => stalled.abort(new Error('nothing came')), STALL_MS)
  let timer = patience()
  try {
    const response = await fetch(url, {
      headers: from > 0 ? { Range: `bytes=${from}-${size - 1}` } : {},
      signal: stalled.signal,
    })
    // 206 is the range; a server that knows none begins at the start.
    if (response.status !== (from > 0 ? 206 : 200)) {
      throw new Error(
        from > 0 && response.status === 200
          ? 'it can’t be resumed there'
          : `HTTP ${response.status}`,
      )
    }
    const { body } = response
    return (async function* chunks() {
      try {
        for await (const chunk of body ?? []) {
          clearTimeout(timer)
          yield chunk
          timer = patience()
        }
      } catch (cause) {
        throw failed(url, cause)
      } finally {
        clearTimeout(timer)
        stalled.abort()
      }
    })()
  } catch (cause) {
    clearTimeout(timer)
    throw failed(url, cause)
  }
}

async function append(
  to: string,
  rest: AsyncIterable<Uint8Array>,
  size: number,
  hash: ReturnType<typeof createHash>,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const file = await open(to, 'a')
  try {
    let have = (await file.stat()).size
    for await (const chunk of rest) {
      have += chunk.length
      if (have > size)
        throw new FractalError('wrong_file', `${to}: more came than the manifest says.`)
      await file.write(chunk)
      hash.update(chunk)
      onBytes(have)
    }
    if (have < size) throw failed(to, new Error(`it ended after ${have} of ${size} bytes`))
  } finally {
    await file.close()
  }
}

function failed(url: string, cause: unknown): FractalError {
  if (cause instanceof FractalError) return cause
  const inner = cause instanceof Error && cause.cause !== undefined ? cause.cause : cause
  return new FractalError('download_failed', `${url}: ${messageOf(inner)}`, {
    hint: 'Run it again: it goes on where it stopped.',
    cause,
  })
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0
}
