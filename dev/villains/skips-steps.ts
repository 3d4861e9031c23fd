import type { InferenceSession } from 'onnxruntime-node'
import { type Model, readModel } from '../../engine/model/model.js'
import { Pipeline } from '../../engine/pipeline/pipeline.js'
import { NativeGate } from '../../engine/runtime/native-gate.js'
import { loadRuntime } from '../../engine/runtime/runtime.js'
import type { Villain } from './cheater.js'
import { OwnPipeline } from './own-pipeline.js'

/** Runs the denoiser in every other step only; the step after it takes the same prediction once more. */
export const skipsSteps: Villain = (_honest, modelDir) => {
  const pipeline = new OwnPipeline(async () => openReusing(await readModel(modelDir)))
  return {
    generate: async (params, hooks) => ({
      generated: await pipeline.generate(params, hooks),
      cheated: params.steps > 1,
    }),
    close: () => pipeline.close(),
  }
}

async function openReusing(model: Model): Promise<Pipeline> {
  const { InferenceSession } = await loadRuntime()
  const { create } = InferenceSession
  let kept: InferenceSession.OnnxValueMapType | null = null
  const reuse = (session: InferenceSession): InferenceSession => {
    const run = session.run.bind(session)
    const isDenoiser = session.inputNames.includes('timestep')
    return Object.assign(session, {
      run: async (feeds: InferenceSession.FeedsType) => {
        const reused = isDenoiser ? kept : null
        if (reused !== null) {
          kept = null
          return reused
        }
        const outputs = await run(feeds)
        // The prompt is encoded anew for each video, whose first step has nothing to reuse.
        kept = isDenoiser ? outputs : null
        return outputs
      },
    })
  }
  Object.assign(InferenceSession, {
    create: async (bytes: Uint8Array, options: InferenceSession.SessionOptions) =>
      reuse(await create.call(InferenceSession, bytes, options)),
  })
  try {
    return await Pipeline.open(model, 'cpu', new NativeGate())
  } finally {
    Object.assign(InferenceSession, { create })
  }
}
