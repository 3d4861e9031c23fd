import { promisify } from 'node:util'
import { deflate, deflateSync, inflate, inflateSync, type ZlibOptions } from 'node:zlib'
import { WireError } from './error.js'
import { maxCompressedBytes } from './limits.js'

/** Up to so many raw bytes the way to zlib's threads and back takes longer than the work. */
const HERE_BYTES = 65_536
/** Noise hardly compresses, and time matters. */
const LEVEL = 1

/** zlib's smallest piece, and ours: larger frames come in several. */
const PIECE_BYTES = { least: 64, most: 4_194_304 }

/** A frame's raw bytes as an RFC 1950 stream. */
export async function deflateFrame(raw: Uint8Array): Promise<Buffer> {
  const options = { level: LEVEL, chunkSize: pieceFor(maxCompressedBytes(raw.length)) }
  return raw.length <= HERE_BYTES ? deflateSync(raw, options) : deflateThere(raw, options)
}

/**
 * The raw bytes of a frame. Inflation stops at `rawBytes`, so a small body cannot fill the memory.
 * @throws WireError `frame_malformed` unless it is one whole zlib stream of exactly `rawBytes`
 */
export async function inflateFrame(body: Uint8Array, rawBytes: number): Promise<Buffer> {
  const { buffer, engine } = await inflated(body, rawBytes)
  if (engine.bytesWritten !== body.length) throw malformed('has bytes after its zlib stream')
  if (buffer.length !== rawBytes) throw malformed(`has ${buffer.length} bytes, not ${rawBytes}`)
  return buffer
}

/** With `info`, which the typings lack, zlib says how much of the input it used. */
interface Inflated {
  buffer: Buffer
  engine: { bytesWritten: number }
}

async function inflated(body: Uint8Array, rawBytes: number): Promise<Inflated> {
  // With room for a byte too many: a piece that is filled exactly would be followed by an empty one.
  const options = { maxOutputLength: rawBytes, chunkSize: pieceFor(rawBytes + 1), info: true }
  try {
    const result: unknown =
      rawBytes <= HERE_BYTES ? inflateSync(body, options) : await inflateThere(body, options)
    return result as Inflated
  } catch (error) {
    const isTooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw malformed(isTooLong ? `inflates to more than ${rawBytes} bytes` : 'is not a zlib stream')
  }
}

/** One for all: its threads are asked for each piece by itself, which has 16 KiB unless told otherwise. */
function pieceFor(bytes: number): number {
  return Math.min(Math.max(bytes, PIECE_BYTES.least), PIECE_BYTES.most)
}

const deflateThere = promisify<Uint8Array, ZlibOptions, Buffer>(deflate)
const inflateThere = promisify<Uint8Array, ZlibOptions, Buffer>(inflate)

function malformed(why: string): WireError {
  return new WireError('frame_malformed', `a frame ${why}`)
}
