import { pinGpu } from '../class/selected-gpu.js'
import type { Model } from '../model/model.js'
import type { Device } from '../pipeline/generator.js'
import { setNativeEnvironment } from '../runtime/native-environment.js'
import { assertFits, gpuMemory } from './gpu-memory.js'

/**
 * Prepares this process to compute on the device, and reads its model, before the runtime is loaded. Call it
 * in the main thread: a worker's `process.env` is a copy that native libraries do not see.
 * @throws EngineError those of `read`, `gpu_missing`, `gpu_ambiguous`, `gpu_too_small`
 */
export async function prepareDevice(device: Device, read: () => Promise<Model>): Promise<Model> {
  setNativeEnvironment(device)
  if (device === 'cuda') await pinGpu()
  const model = await read()
  if (device === 'cuda') assertFits(model, await gpuMemory())
  return model
}
