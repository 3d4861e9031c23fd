import { EngineError } from '../errors.js'

/**
 * A record's header is small; its body contains frames or states, which a model's limits keep below the
 * body's maximum.
 */
const MAX_HEADER_BYTES = 4 * 2 ** 20
const MAX_BODY_BYTES = 2 ** 30
const PREFIX_BYTES = 8

/** The position of an array in the body, in bytes. */
interface Place {
  $: 'bytes' | 'floats'
  at: number
  length: number
}

/**
 * A message as one record: the lengths of header and body as big-endian uint32, the header as JSON, the body.
 * Arrays of the message are in the body, floats little-endian, and the header says where.
 */
export function encodeRecord(message: object): Uint8Array {
  const parts: Uint8Array[] = []
  let at = 0
  const json = JSON.stringify(message, (_, value: unknown) => {
    if (!(value instanceof Uint8Array) && !(value instanceof Float32Array)) return value
    const bytes = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    const place: Place = {
      $: value instanceof Float32Array ? 'floats' : 'bytes',
      at,
      length: bytes.length,
    }
    parts.push(bytes)
    at += bytes.length
    return place
  })
  const header = Buffer.from(json)
  const prefix = Buffer.alloc(PREFIX_BYTES)
  prefix.writeUInt32BE(header.length, 0)
  prefix.writeUInt32BE(at, 4)
  return Buffer.concat([prefix, header, ...parts])
}

/** Reassembles records from the chunks of a connection. */
export class RecordReader {
  #chunks: Uint8Array[] = []
  #have = 0
  /** Bytes needed before parsing again, so that a record of many chunks is concatenated only once. */
  #needed = PREFIX_BYTES

  /**
   * Returns the messages that are now complete.
   * @throws EngineError `engine_failed` for an invalid record
   */
  push(chunk: Uint8Array): unknown[] {
    this.#chunks.push(chunk)
    this.#have += chunk.length
    const messages: unknown[] = []
    if (this.#have < this.#needed) return messages
    let pending = Buffer.concat(this.#chunks)
    for (;;) {
      this.#needed = PREFIX_BYTES
      if (pending.length < PREFIX_BYTES) break
      const [header, body] = [pending.readUInt32BE(0), pending.readUInt32BE(4)]
      if (header > MAX_HEADER_BYTES || body > MAX_BODY_BYTES) throw notARecord()
      this.#needed = PREFIX_BYTES + header + body
      if (pending.length < this.#needed) break
      messages.push(decode(pending.subarray(PREFIX_BYTES, this.#needed), header))
      pending = pending.subarray(this.#needed)
    }
    this.#chunks = [pending]
    this.#have = pending.length
    return messages
  }
}

function decode(record: Buffer, headerLength: number): unknown {
  const body = record.subarray(headerLength)
  try {
    return JSON.parse(record.toString('utf8', 0, headerLength), (_, value: unknown) =>
      isPlace(value) ? arrayAt(body, value) : value,
    )
  } catch {
    throw notARecord()
  }
}

function isPlace(value: unknown): value is Place {
  return typeof value === 'object' && value !== null && '$' in value
}

/** A copy, because the buffer that a record is read from is overwritten. */
function arrayAt(body: Buffer, { $: kind, at, length }: Place): Uint8Array | Float32Array {
  const sound =
    [at, length].every((n) => Number.isInteger(n) && n >= 0) && at + length <= body.length
  if (!sound || (kind === 'floats' && length % 4 !== 0)) throw notARecord()
  const bytes = Uint8Array.from(body.subarray(at, at + length))
  return kind === 'floats' ? new Float32Array(bytes.buffer) : bytes
}

function notARecord(): EngineError {
  return new EngineError(
    'engine_failed',
    'The connection delivered something that is not an engine record.',
  )
}
