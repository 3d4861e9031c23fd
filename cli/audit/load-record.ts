import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { FractalError, messageOf } from '../../base/errors.js'
import { badRecord } from './read-record-text.js'
import { readSignedRecord, type SignedRecord } from './signed-record.js'

/** A quarter of a million answers; more than that nobody sends, and nobody has to read. */
export const RECORD_BYTES_MAX = 64 * 1024 * 1024
const DEADLINE_MS = 120_000
const ERROR_BYTES_MAX = 10_000
const GZIP = [0x1f, 0x8b]

/** Where records are: an API by its address, or files. */
export function recordUrl(api: string, n: number): string {
  return new URL(`/v1/network/intervals/${n}/record`, api).href
}

/**
 * Reads a record from a file (also one that is gzipped) or an address.
 * @throws FractalError `bad_record`, `record_unreadable`
 */
export async function loadRecord(target: string): Promise<SignedRecord> {
  try {
    const bytes = /^https?:/.test(target) ? await download(target) : await readFile(target)
    return readSignedRecord(decode(bytes), target)
  } catch (error) {
    throw unreadable(target, error)
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw badRecord('is no UTF-8 text')
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  const first = await collect(createReadStream(path, { end: 1 }))
  const stream = createReadStream(path)
  const isGzip = first[0] === GZIP[0] && first[1] === GZIP[1]
  return collect(isGzip ? stream.pipe(createGunzip()) : stream)
}

/** @throws FractalError with the API's own code */
async function download(url: string): Promise<Uint8Array> {
  const apiKey = process.env.FRACTAL_API_KEY
  const response = await fetch(url, {
    signal: AbortSignal.timeout(DEADLINE_MS),
    redirect: 'error',
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
  })
  if (response.status === 200 && response.body !== null) return collect(response.body)
  throw await refusal(response)
}

/** As the API tells it (RFC 9457). */
const problemSchema = z.looseObject({ code: z.string(), detail: z.string() })

async function refusal(response: Response): Promise<FractalError> {
  const text = (await response.text()).slice(0, ERROR_BYTES_MAX)
  const problem = problemSchema.safeParse(JSON.parse(/^\{/.test(text) ? text : 'null'))
  return problem.success
    ? new FractalError(problem.data.code, problem.data.detail)
    : new FractalError('record_unreadable', `HTTP ${response.status}`)
}

/** @throws FractalError `bad_record` beyond the limit, without reading on */
async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of chunks) {
    length += chunk.length
    if (length > RECORD_BYTES_MAX) {
      throw badRecord(`has more than ${RECORD_BYTES_MAX / 1024 / 1024} MiB`)
    }
    parts.push(chunk)
  }
  return Buffer.concat(parts)
}

function unreadable(target: string, error: unknown): FractalError {
  if (error instanceof FractalError) {
    return new FractalError(error.code, `${target}: ${error.message}`, {
      ...(error.hint === undefined ? {} : { hint: error.hint }),
      cause: error,
    })
  }
  // fetch says "fetch failed", and why in its cause.
  const inner = error instanceof Error && error.cause !== undefined ? error.cause : error
  return new FractalError('record_unreadable', `${target}: ${messageOf(inner)}`, { cause: error })
}
