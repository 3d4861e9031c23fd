import type { ModelConfig } from '../architectures/architecture.js'
import { readModelConfig } from './model-config.js'
import { type ModelFiles, readModelFiles } from './model-files.js'

/** A model folder, read and checked. Its files are plain data, so that they can be sent to a thread. */
export interface Model {
  files: ModelFiles
  config: ModelConfig
}

/** @throws EngineError `model_missing`, `model_invalid`, `unsupported_model` */
export async function readModel(modelDir: string): Promise<Model> {
  const files = await readModelFiles(modelDir)
  return { files, config: readModelConfig(files) }
}
