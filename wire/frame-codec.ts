import { deflate, inflate } from 'node:zlib'
import { WireError } from './error.js'

/** A frame's raw bytes as an RFC 1950 stream; level 1, because noise hardly compresses and time matters. */
export function deflateFrame(raw: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    deflate(raw, { level: 1 }, (error, bytes) => (error ? reject(error) : resolve(bytes)))
  })
}

/**
 * The raw bytes of a frame. Inflation stops at `rawBytes`, so a small body cannot fill the memory.
 * @throws WireError `frame_malformed` unless it is one whole zlib stream of exactly `rawBytes`
 */
export function inflateFrame(body: Uint8Array, rawBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => reject(new WireError('frame_malformed', `a frame ${why}`))
    inflate(body, { maxOutputLength: rawBytes, info: true }, (error, result) => {
      if (error !== null) {
        const tooLong = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
        return fail(tooLong ? `inflates to more than ${rawBytes} bytes` : 'is not a zlib stream')
      }
      // With `info`, which the typings lack, zlib says how much of the input it used.
      const { buffer, engine } = result as unknown as {
        buffer: Buffer
        engine: { bytesWritten: number }
      }
      if (engine.bytesWritten !== body.length) return fail('has bytes after its zlib stream')
      if (buffer.length !== rawBytes) return fail(`has ${buffer.length} bytes, not ${rawBytes}`)
      resolve(buffer)
    })
  })
}
