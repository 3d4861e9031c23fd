import { pinGpu } from '../class/selected-gpu.js'
import { type Model, readModel } from '../model/model.js'
import type { Device } from '../pipeline/generator.js'
import { setNativeEnvironment } from '../runtime/native-environment.js'
import type { Residency } from '../runtime/networks.js'
import { gpuMemory, residencyOn } from './gpu-memory.js'

/** A model that was read, and how its networks can be open on the device. */
export interface PreparedModel {
  readonly model: Model
  readonly residency: Residency
}

/**
 * Prepares this process to compute on the device, and reads its model, before the runtime is loaded. Call it
 * in the main thread: a worker's `process.env` is a copy that native libraries do not see. A model that the
 * GPU has no room for is refused before its weights are hashed.
 * @throws EngineError those of readModel, `gpu_missing`, `gpu_ambiguous`, `gpu_too_small`
 */
export async function prepareDevice(device: Device, modelDir: string): Promise<PreparedModel> {
  setNativeEnvironment(device)
  if (device === 'cpu') return { model: await readModel(modelDir), residency: 'together' }
  await pinGpu()
  const memory = await gpuMemory()
  const model = await readModel(modelDir, (outline) => void residencyOn(outline, memory))
  return { model, residency: residencyOn(model, memory) }
}
