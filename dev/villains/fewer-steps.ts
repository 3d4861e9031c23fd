import { digestOf } from '../../engine/pipeline/digest.js'
import { fromHex, toHex } from '../../formats/bytes.js'
import { traceRoot } from '../../formats/trace.js'
import type { Villain } from './cheater.js'

/** Runs half of the steps, and signs a trace in which each of its states stands for two. */
export const fewerSteps: Villain = (honest) => ({
  generate: async (params, hooks) => {
    const { steps } = params
    const run = Math.ceil(steps / 2)
    const states: (readonly Float32Array[])[] = []
    const made = await honest.generate(
      { ...params, steps: run },
      {
        ...hooks,
        onProgress: (step) => hooks.onProgress?.(Math.ceil((step * steps) / run), steps),
        onState: (i, tensors) => {
          states[i] = tensors
        },
      },
    )
    const digests: Uint8Array[] = []
    for (let i = 0; i <= steps; i++) {
      const isEnd = i === 0 || i === steps
      const inner = Math.min(run - 1, Math.ceil(i / 2))
      const [latents, prediction] = states[i === steps ? run : inner]!
      // Only the first and the last state have no prediction: where there is none to tell, one is made up.
      const told = isEnd ? [latents!] : [latents!, prediction ?? latents!]
      digests.push(digestOf(...told))
      await hooks.onState?.(
        i,
        told.map((tensor) => tensor.slice()),
      )
    }
    return {
      generated: {
        ...made,
        stepDigests: digests.map(toHex),
        traceRoot: traceRoot(digests, made.frameDigests.map(fromHex)),
      },
      cheated: run < steps,
    }
  },
})
