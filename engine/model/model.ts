import type { ModelConfig } from '../architectures/architecture.js'
import { readModelConfig } from './model-config.js'
import { type FoundFiles, type ModelFiles, readModelFiles } from './model-files.js'

/** A model folder, read and checked. Its files are plain data, so that they can be sent to a thread. */
export interface Model {
  files: ModelFiles
  config: ModelConfig
}

/** A model folder whose large files are not hashed yet. */
export interface ModelOutline {
  files: Pick<FoundFiles, 'sizes'>
  config: ModelConfig
}

/**
 * Reads a model folder. Whatever can be refused without hashing its large files is refused before.
 * @param check called before they are hashed; what it throws is thrown
 * @throws EngineError `model_missing`, `model_invalid`, `unsupported_model`
 */
export async function readModel(
  modelDir: string,
  check: (outline: ModelOutline) => void = () => {},
): Promise<Model> {
  const { files, seen: config } = await readModelFiles(modelDir, (found) => {
    const config = readModelConfig(found)
    check({ files: found, config })
    return config
  })
  return { files, config }
}
