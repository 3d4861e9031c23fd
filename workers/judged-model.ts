import type { ModelDescriptor } from '../engine/model/descriptor.js'
import { readModel } from '../engine/model/model.js'
import type { ModelShape } from '../engine/model/model-shape.js'
import { defaultModelDir } from '../engine/models/default-model.js'
import { connectEngine } from '../engine/server/connect-engine.js'
import type { Hex } from '../formats/bytes.js'
import { modelEndpoints } from './model-endpoints.js'
import { CORPUS_FILE } from './prompt-corpus.js'

/** What a verifier knows of the model that it judges; it computes nothing with it. */
export interface JudgedModel {
  readonly root: Hex
  readonly shape: ModelShape
  readonly descriptor: ModelDescriptor | null
  /** The prompts that the folder has; null without any. */
  readonly corpus: Uint8Array | null
}

/**
 * Of the folder, or of the model server that is named first, in whose place no folder is needed.
 * @throws EngineError those of reading and of connecting, FractalError `bad_option`
 */
export async function judgedModel(options: {
  'model.dir'?: string | undefined
  'neuron.model_endpoint'?: string | undefined
}): Promise<JudgedModel> {
  const [url] = modelEndpoints(options['neuron.model_endpoint']) ?? []
  if (url !== undefined) {
    const engine = await connectEngine({ url, onEnd: () => {} })
    const { modelRoot: root, shape, descriptor } = engine
    await engine.close()
    return { root, shape, descriptor, corpus: null }
  }
  const { files, config } = await readModel(options['model.dir'] ?? defaultModelDir())
  const { shape, descriptor } = config
  return { root: files.root, shape, descriptor, corpus: files.bytes.get(CORPUS_FILE) ?? null }
}
