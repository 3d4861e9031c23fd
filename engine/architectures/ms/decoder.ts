import { pictureOf } from '../../pipeline/picture.js'
import type { RunnableNetwork } from '../../runtime/networks.js'
import type { Runtime } from '../../runtime/runtime.js'
import type { Decoder } from '../architecture.js'

const f = Math.fround

/**
 * Decodes one frame at a time, which limits memory and allows a single frame to be checked.
 * @param scalingFactor latents are divided by it
 */
export function msDecoder(
  { Tensor }: Runtime,
  network: RunnableNetwork,
  scalingFactor: number,
): Decoder {
  const unscale = f(1 / scalingFactor)
  return {
    async decode(latents, [, channels, frames, h, w], from) {
      const cells = h * w
      const sample = new Float32Array(channels * cells)
      for (let c = 0; c < channels; c++) {
        const start = (c * frames + from) * cells
        for (let i = 0; i < cells; i++) sample[c * cells + i] = unscale * latents[start + i]!
      }
      const decoded = await network.run({
        latent_sample: new Tensor('float32', sample, [1, channels, h, w]),
      })
      const pixels = decoded.length / 3
      return [pictureOf(decoded, { start: 0, stride: pixels, pixels })]
    },
  }
}
