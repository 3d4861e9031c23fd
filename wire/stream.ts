import { isUtf8 } from 'node:buffer'
import { messageOf } from '../base/errors.js'
import { sanitizeText } from '../base/sanitize-text.js'
import { WireError } from './error.js'
import { MAX_HEADER_BYTES } from './limits.js'

/** One record of the stream: a JSON object with a `type`, and bytes. */
export interface StreamRecord {
  header: { type: string } & Record<string, unknown>
  body: Uint8Array
}

/** Limits of a reader; checked against the announced lengths, before anything is stored. */
export interface StreamLimits {
  /** Maximum of one record's body, in bytes. */
  maxBodyBytes: number
  /** Maximum of the whole stream, in bytes. */
  maxTotalBytes: number
}

const PREFIX_BYTES = 8
const EMPTY = Buffer.alloc(0)

/**
 * u32 LE header length ‖ u32 LE body length ‖ JSON header ‖ body.
 * @throws WireError `stream_oversized` for a header above 65536 bytes
 */
export function encodeRecord(header: StreamRecord['header'], body: Uint8Array = EMPTY): Buffer {
  const json = Buffer.from(JSON.stringify(header))
  if (json.length > MAX_HEADER_BYTES) {
    throw new WireError('stream_oversized', `a record's header of ${json.length} bytes is too long`)
  }
  const record = Buffer.allocUnsafe(PREFIX_BYTES + json.length + body.length)
  record.writeUInt32LE(json.length, 0)
  record.writeUInt32LE(body.length, 4)
  record.set(json, PREFIX_BYTES)
  record.set(body, PREFIX_BYTES + json.length)
  return record
}

/**
 * Yields the records of a byte stream, however it is chunked. Ends when the source ends between two records;
 * leaving the loop early ends the source.
 * @throws WireError `stream_truncated`, `stream_oversized`, `stream_malformed`; and what the source throws
 */
export async function* decodeRecords(
  source: AsyncIterable<Uint8Array>,
  limits: StreamLimits,
): AsyncGenerator<StreamRecord, void, void> {
  const decoder = new RecordDecoder(limits)
  for await (const chunk of source) {
    for (const record of decoder.read(chunk)) yield record
  }
  decoder.end()
}

/** Takes the chunks of a byte stream, however it is cut, and gives its records. */
export class RecordDecoder {
  private readonly pending = new Pending()
  private total = 0
  private need: { header: number; body: number } | null = null

  constructor(private readonly limits: StreamLimits) {}

  /**
   * The records that end in this chunk; all of them must be taken before the next chunk comes. A body that lies within
   * one chunk is a part of it, not a copy.
   * @throws WireError `stream_oversized`, `stream_malformed`
   */
  *read(chunk: Uint8Array): Generator<StreamRecord, void, void> {
    const { pending, limits } = this
    this.total += chunk.length
    if (this.total > limits.maxTotalBytes) {
      throw oversized('the stream', this.total, limits.maxTotalBytes)
    }
    pending.push(chunk)
    for (;;) {
      if (this.need === null) {
        if (pending.length < PREFIX_BYTES) return
        this.need = readPrefix(pending.take(PREFIX_BYTES), limits)
      }
      const { need } = this
      if (pending.length < need.header + need.body) return
      this.need = null
      const header = parseHeader(pending.take(need.header))
      yield { header, body: pending.take(need.body) }
    }
  }

  /** @throws WireError `stream_truncated` if the stream ended inside a record */
  end(): void {
    if (this.need === null && this.pending.length === 0) return
    throw new WireError('stream_truncated', 'the stream ended inside a record', { retryable: true })
  }
}

function readPrefix(prefix: Buffer, limits: StreamLimits): { header: number; body: number } {
  const header = prefix.readUInt32LE(0)
  const body = prefix.readUInt32LE(4)
  if (header > MAX_HEADER_BYTES) throw oversized("a record's header", header, MAX_HEADER_BYTES)
  if (body > limits.maxBodyBytes) throw oversized("a record's body", body, limits.maxBodyBytes)
  return { header, body }
}

function parseHeader(bytes: Buffer): StreamRecord['header'] {
  let parsed: unknown
  try {
    if (!isUtf8(bytes)) throw new Error('it is not UTF-8')
    parsed = JSON.parse(bytes.toString())
  } catch (error) {
    // V8's message quotes the offending bytes.
    const why = sanitizeText(messageOf(error))
    throw new WireError('stream_malformed', `a record's header is not JSON: ${why}`)
  }
  if (parsed === null || typeof parsed !== 'object' || !('type' in parsed)) {
    throw new WireError('stream_malformed', "a record's header has no type")
  }
  if (typeof parsed.type !== 'string') {
    throw new WireError('stream_malformed', "a record's type is not a string")
  }
  return parsed as StreamRecord['header']
}

function oversized(what: string, size: number, cap: number): WireError {
  return new WireError('stream_oversized', `${what} has ${size} bytes, more than ${cap}`)
}

/**
 * Buffered chunks. What lies within one is not copied, anything else once, however small the chunks are: what is taken
 * keeps no more than the bytes that came, which `maxTotalBytes` limits.
 */
class Pending {
  length = 0
  private chunks: Buffer[] = []
  private first = 0
  private offset = 0

  push(chunk: Uint8Array): void {
    if (chunk.length === 0) return
    this.chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length))
    this.length += chunk.length
  }

  /** Takes exactly `count` bytes, which must be available. */
  take(count: number): Buffer {
    if (count === 0) return EMPTY
    const part = this.part(count)
    if (part.length === count) return part
    const out = Buffer.allocUnsafe(count)
    out.set(part)
    for (let filled = part.length; filled < count; ) {
      const more = this.part(count - filled)
      out.set(more, filled)
      filled += more.length
    }
    return out
  }

  /** Takes at most `most` bytes: as many as the first chunk has. */
  private part(most: number): Buffer {
    const chunk = this.chunks[this.first]!
    const part = chunk.subarray(this.offset, this.offset + most)
    this.length -= part.length
    this.offset += part.length
    if (this.offset === chunk.length) {
      this.first++
      this.offset = 0
    }
    if (this.first > 64 || this.length === 0) {
      this.chunks.splice(0, this.first)
      this.first = 0
    }
    return part
  }
}
