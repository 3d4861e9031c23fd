import { assertDigests, concat, type Hex, u32le } from './bytes.js'
import { FormatError } from './error.js'
import { sha256Hex } from './sha256.js'
import type { FramesShape } from './video-shape.js'

const CHANNELS = 3

/**
 * sha256(u32 width ‖ u32 height ‖ u32 frames ‖ u32 3 ‖ f_1 … f_n), f_j the digest of frame j's height × width
 * × RGB bytes.
 * @throws FormatError `bad_digest` if the digests don't fit the shape.
 */
export function framesSha256(shape: FramesShape, frameDigests: readonly Uint8Array[]): Hex {
  if (frameDigests.length !== shape.frames) {
    throw new FormatError('bad_digest', `${frameDigests.length} digests for ${shape.frames} frames`)
  }
  assertDigests(frameDigests)
  const header = [shape.width, shape.height, shape.frames, CHANNELS].map(u32le)
  return sha256Hex(concat(...header, ...frameDigests))
}
