import { readModel } from '../../engine/model/model.js'
import { Pipeline } from '../../engine/pipeline/pipeline.js'
import { NativeGate } from '../../engine/runtime/native-gate.js'
import type { Villain } from './cheater.js'
import { withHalfWeights } from './half-weights.js'
import { OwnPipeline } from './own-pipeline.js'

/** Runs the model with weights of half the bits: nearly the same video, in less memory and time on a GPU. */
export const halfPrecision: Villain = (_honest, modelDir) => {
  const pipeline = new OwnPipeline(async () =>
    Pipeline.open(withHalfWeights(await readModel(modelDir)), 'cpu', new NativeGate()),
  )
  return {
    generate: async (params, hooks) => ({
      generated: await pipeline.generate(params, hooks),
      cheated: true,
    }),
    close: () => pipeline.close(),
  }
}
