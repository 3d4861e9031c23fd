import { MAX_TEXT_BYTES } from '../formats/generation.js'

/**
 * Bytes of a request body: two texts in JSON's worst-case escaping (6 bytes for 1) and the numbers, so that
 * everything the schema accepts fits.
 */
export const MAX_REQUEST_BYTES = 2 * 6 * MAX_TEXT_BYTES + 81_920

/** Bytes of a record's JSON header (formats.md). */
export const MAX_HEADER_BYTES = 65_536

/** Bytes of a refusal's JSON, and of `/v1/info`. */
export const MAX_JSON_ANSWER_BYTES = 65_536

/** Bytes of all HTTP headers of one message. */
export const MAX_HTTP_HEADER_BYTES = 16_384

/** Media type of the record stream. */
export const STREAM_MEDIA_TYPE = 'application/vnd.fractal.stream'

/** Maximum size of a deflate stream of `rawBytes`: stored blocks, and room for a flushing encoder. */
export function maxCompressedBytes(rawBytes: number): number {
  return rawBytes + (rawBytes >> 10) + 1024
}
