import { assertDigests, concat, type Hex, u32le } from './bytes.js'
import { FormatError } from './error.js'
import { sha256Hex } from './sha256.js'

/**
 * sha256(u32 steps ‖ d_0 … d_steps ‖ u32 frames ‖ f_1 … f_n).
 * @param stepDigests d_0 (initial latents) to d_steps (final latents), 32 bytes each
 * @throws FormatError `bad_digest` for fewer than two step digests, no frame, or another length
 */
export function traceRoot(
  stepDigests: readonly Uint8Array[],
  frameDigests: readonly Uint8Array[],
): Hex {
  if (stepDigests.length < 2 || frameDigests.length < 1) {
    throw new FormatError('bad_digest', 'a trace has at least d_0, d_1 and one frame')
  }
  assertDigests(stepDigests)
  assertDigests(frameDigests)
  return sha256Hex(
    concat(
      u32le(stepDigests.length - 1),
      ...stepDigests,
      u32le(frameDigests.length),
      ...frameDigests,
    ),
  )
}
