import { pinGpu } from '../class/selected-gpu.js'
import type { Model } from '../model/model.js'
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
 * in the main thread: a worker's `process.env` is a copy that native libraries do not see.
 * @throws EngineError those of `read`, `gpu_missing`, `gpu_ambiguous`, `gpu_too_small`
 */
export async function prepareDevice(
  device: Device,
  read: () => Promise<Model>,
): Promise<PreparedModel> {
  setNativeEnvironment(device)
  if (device === 'cuda') await pinGpu()
  const model = await read()
  const residency = device === 'cuda' ? residencyOn(model, await gpuMemory()) : 'together'
  return { model, residency }
}
