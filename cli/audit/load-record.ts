import { createReadStream } from 'node:fs'
import { createGunzip } from 'node:zlib'
import { z } from 'zod'
import { FractalError, messageOf } from '../../base/errors.js'
import { boundedBytes } from '../bounded-bytes.js'
import { badRecord } from './read-record-text.js'
import { readSignedRecord, type SignedRecord } from './signed-record.js'

/** A quarter of a million answers; more than that nobody sends, and nobody has to read. */
export const RECORD_BYTES_MAX = 64 * 1024 * 1024
const DEADLINE_MS = 120_000
const ERROR_BYTES_MAX = 10_000
const GZIP = [0x1f, 0x8b]

const WHICH_API = 'Is that the address of the verifier’s API? --api https://HOST[:PORT] names it.'

/** Whether it is fetched, and no file. */
export function isAddress(target: string): boolean {
  return /^https?:/.test(target)
}

function recordUrl(api: string, n: number): string {
  return new URL(`/v1/network/intervals/${n}/record`, api).href
}

/**
 * Reads a record from a file (also one that is gzipped) or an address.
 * @throws FractalError `bad_record`, `record_unreadable`, `record_refused`, `record_not_found`, `record_not_public`
 */
export async function loadRecord(target: string): Promise<SignedRecord> {
  try {
    const bytes = isAddress(target) ? await download(target) : await readFile(target)
    return readSignedRecord(decode(bytes), target)
  } catch (error) {
    throw unreadable(target, error)
  }
}

/**
 * The record that an API has for an interval.
 * @throws FractalError as `loadRecord`; `bad_record` for that of another interval
 */
export async function loadInterval(api: string, n: number): Promise<SignedRecord> {
  const url = recordUrl(api, n)
  const signed = await loadRecord(url)
  if (signed.read.record.n === n) return signed
  throw unreadable(url, badRecord(`is of interval ${signed.read.record.n}, not of ${n}`))
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw badRecord('is no UTF-8 text')
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  const first = await recordBytes(createReadStream(path, { end: 1 }))
  const isGzip = first[0] === GZIP[0] && first[1] === GZIP[1]
  const stream = createReadStream(path)
  if (!isGzip) return recordBytes(stream)
  const unpacked = createGunzip()
  stream.on('error', (error) => unpacked.destroy(error))
  return recordBytes(stream.pipe(unpacked)).finally(() => stream.destroy())
}

/** @throws FractalError with the API's own code, where it is one of records */
async function download(url: string): Promise<Uint8Array> {
  const apiKey = process.env.FRACTAL_API_KEY
  const response = await fetch(url, {
    signal: AbortSignal.timeout(DEADLINE_MS),
    redirect: 'error',
    headers: apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` },
  })
  if (response.status === 200) return recordBytes(response.body)
  throw await refusal(response)
}

/** Codes of the API that callers tell apart. */
const KNOWN: readonly string[] = ['record_not_found', 'record_not_public', 'interval_not_found']

/** As the API tells it (RFC 9457). */
const problemSchema = z.looseObject({ code: z.string(), detail: z.string() })

async function refusal(response: Response): Promise<FractalError> {
  const unknown = new FractalError('record_unreadable', `HTTP ${response.status}`)
  try {
    const text = await boundedBytes(response.body, ERROR_BYTES_MAX, () => unknown)
    const problem = problemSchema.parse(JSON.parse(Buffer.from(text).toString()))
    const code = KNOWN.includes(problem.code) ? problem.code : 'record_refused'
    return new FractalError(code, problem.detail)
  } catch {
    return unknown
  }
}

function recordBytes(chunks: AsyncIterable<Uint8Array> | null): Promise<Uint8Array> {
  return boundedBytes(chunks, RECORD_BYTES_MAX, () =>
    badRecord(`has more than ${RECORD_BYTES_MAX / 1024 / 1024} MiB`),
  )
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
  return new FractalError('record_unreadable', `${target}: ${messageOf(inner)}`, {
    ...(isAddress(target) ? { hint: WHICH_API } : {}),
    cause: error,
  })
}
