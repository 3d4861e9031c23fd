import { promisify } from 'node:util'
import { deflate, deflateSync } from 'node:zlib'
import type { FrameRow } from '../../ledger/requests/frames.js'

const compress = promisify(deflate)

/** Quick rather than small: a frame is stored once and seldom read. */
const OPTIONS = { level: 1 }
/** Of smaller frames the way to zlib's threads and back takes longer than the work. */
const HERE_BYTES = 2 ** 16

/**
 * A frame in its stored form. It is compressed again, because a prover's own zlib bytes may be as large as
 * its cap allows.
 */
export async function compressFrame(index: number, rgb: Uint8Array): Promise<FrameRow> {
  const zlib = rgb.length <= HERE_BYTES ? deflateSync(rgb, OPTIONS) : await compress(rgb, OPTIONS)
  return { index, zlib }
}
