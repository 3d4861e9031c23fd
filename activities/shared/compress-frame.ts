import { promisify } from 'node:util'
import { deflate } from 'node:zlib'
import type { FrameRow } from '../../ledger/requests/frames.js'

const compress = promisify(deflate)

/**
 * A frame in its stored form. It is compressed again, because a prover's own zlib bytes may be as large as
 * its cap allows.
 */
export async function compressFrame(index: number, rgb: Uint8Array): Promise<FrameRow> {
  return { index, zlib: await compress(rgb, { level: 1 }) }
}
