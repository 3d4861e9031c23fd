import { guide } from '../../pipeline/guidance.js'
import type { RunnableNetwork } from '../../runtime/networks.js'
import type { Runtime } from '../../runtime/runtime.js'
import type { Denoiser } from '../architecture.js'

/**
 * Runs the denoiser on the batch (negative prompt, prompt); always two, whatever the guidance, because on a
 * GPU the batch size changes bits.
 * @param length number of tokens in an embedding
 */
export function msDenoiser(
  { Tensor }: Runtime,
  network: RunnableNetwork,
  length: number,
): Denoiser {
  return {
    condition({ prompt, negative, guidanceMilli, shape }) {
      const texts = new Tensor('float32', pair(negative!, prompt), [
        2,
        length,
        prompt.length / length,
      ])
      return async (latents, timestep) => {
        const predicted = await network.run({
          sample: new Tensor('float32', pair(latents, latents), [2, ...shape.slice(1)]),
          timestep: new Tensor('int64', BigInt64Array.of(BigInt(timestep)), []),
          encoder_hidden_states: texts,
        })
        const withPrompt = predicted.subarray(latents.length)
        if (guidanceMilli <= 1000) return withPrompt
        return guide(predicted.subarray(0, latents.length), withPrompt, guidanceMilli / 1000)
      }
    },
  }
}

function pair(first: Float32Array, second: Float32Array): Float32Array {
  const both = new Float32Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
