import { pictureOf } from '../../pipeline/picture.js'
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
      const sample = new Float32Array(latents.length)
      for (let c = 0; c < channels; c++) {
        // Divides by the reciprocal, as diffusers does: a product would give different bits.
        const [scale, shift] = [f(1 / f(std[c]!)), f(mean[c]!)]
        const end = (c + 1) * cells
        for (let i = c * cells; i < end; i++) sample[i] = f(latents[i]! / scale) + shift
      }
      // [3, frames, height, width], −1 … 1
      const decoded = await network.run({ latent_sample: new Tensor('float32', sample, shape) })
      const pixels = SCALE * h * SCALE * w
      const frames = decoded.length / 3 / pixels
      return Array.from({ length: frames - from }, (_, k) =>
        pictureOf(decoded, { start: (from + k) * pixels, stride: frames * pixels, pixels }),
      )
    },
  }
}

/** Pixels per latent cell, in each direction. */
export const SCALE = 8
