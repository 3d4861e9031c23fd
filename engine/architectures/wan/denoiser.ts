import { guide } from '../../pipeline/guidance.js'
import type { RunnableNetwork } from '../../runtime/networks.js'
import type { Runtime } from '../../runtime/runtime.js'
import type { Denoiser } from '../architecture.js'

/**
 * One text per call, as in diffusers: the prompt, then the negative prompt if there is guidance.
 * @param length number of tokens in an embedding
 */
export function wanDenoiser(
  { Tensor }: Runtime,
  network: RunnableNetwork,
  length: number,
): Denoiser {
  return {
    condition({ prompt, negative, guidanceMilli, shape }) {
      const textOf = (rows: Float32Array) =>
        new Tensor('float32', rows, [1, length, rows.length / length])
      const [withPrompt, without] = [textOf(prompt), negative && textOf(negative)]
      return async (latents, timestep) => {
        const predict = (text: typeof withPrompt) =>
          network.run({
            hidden_states: new Tensor('float32', latents, shape),
            timestep: new Tensor('float32', Float32Array.of(timestep), [1]),
            encoder_hidden_states: text,
          })
        const guided = await predict(withPrompt)
        return without === null
          ? guided
          : guide(await predict(without), guided, guidanceMilli / 1000)
      }
    },
  }
}
