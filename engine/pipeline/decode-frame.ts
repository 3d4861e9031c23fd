import { toUint8 } from '../../formats/frames.js'
import type { Networks } from '../runtime/networks.js'
import type { Runtime } from '../runtime/runtime.js'

const f = Math.fround

/**
 * Decodes one frame: the unit of decoding, which bounds memory and lets one frame be checked alone.
 * @param latents [1, C, F, h, w], final
 * @param frame 0-based
 * @returns height × width × RGB bytes
 * @throws EngineError `out_of_memory`, `engine_failed`
 */
export async function decodeFrame(
  { Tensor }: Runtime,
  networks: Networks,
  scalingFactor: number,
  latents: Float32Array,
  [, channels, frames, h, w]: readonly [1, number, number, number, number],
  frame: number,
): Promise<Uint8Array> {
  const cells = h * w
  const unscale = f(1 / scalingFactor)
  const sample = new Float32Array(channels * cells)
  for (let c = 0; c < channels; c++) {
    const from = (c * frames + frame) * cells
    for (let i = 0; i < cells; i++) sample[c * cells + i] = unscale * latents[from + i]!
  }
  const decoded = await networks.decoder.run({
    latent_sample: new Tensor('float32', sample, [1, channels, h, w]),
  })
  const pixels = decoded.length / 3
  const rgb = new Uint8Array(3 * pixels)
  for (let i = 0; i < pixels; i++) {
    for (let c = 0; c < 3; c++) rgb[3 * i + c] = toUint8(f(decoded[c * pixels + i]! * 0.5 + 0.5))
  }
  return rgb
}
