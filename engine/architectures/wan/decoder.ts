import { toUint8 } from '../../../formats/frames.js'
import type { RunnableNetwork } from '../../runtime/networks.js'
import type { Runtime } from '../../runtime/runtime.js'
import type { Decoder } from '../architecture.js'

const f = Math.fround

/** Statistics of each latent channel. */
export interface LatentStatistics {
  mean: readonly number[]
  std: readonly number[]
}

/** Decodes all frames at once: each depends on all frames before it, so none can be decoded alone. */
export function wanDecoder(
  { Tensor }: Runtime,
  network: RunnableNetwork,
  { mean, std }: LatentStatistics,
): Decoder {
  return {
    async decode(latents, shape, from) {
      const [, channels, , h, w] = shape
      const cells = latents.length / channels
      const sample = latents.map((value, i) => {
        const channel = Math.floor(i / cells)
        // Divides by the reciprocal, as diffusers does: a product would give different bits.
        return f(value / f(1 / f(std[channel]!))) + f(mean[channel]!)
      })
      const decoded = await network.run({ latent_sample: new Tensor('float32', sample, shape) })
      const pixels = SCALE * h * SCALE * w
      const frames = decoded.length / 3 / pixels
      return Array.from({ length: frames - from }, (_, k) =>
        pictureOf(decoded, { frame: from + k, frames, pixels }),
      )
    },
  }
}

/** Pixels per latent cell, in each direction. */
export const SCALE = 8

/** @param decoded [3, frames, height, width], −1 … 1 */
function pictureOf(
  decoded: Float32Array,
  { frame, frames, pixels }: { frame: number; frames: number; pixels: number },
): Uint8Array {
  const rgb = new Uint8Array(3 * pixels)
  for (let c = 0; c < 3; c++) {
    const start = (c * frames + frame) * pixels
    for (let i = 0; i < pixels; i++) {
      rgb[3 * i + c] = toUint8(f(decoded[start + i]! * 0.5 + 0.5))
    }
  }
  return rgb
}
