import type { Device } from '../pipeline/generator.js'
import { cpuIsa } from './cpu-isa.js'
import { selectedGpu } from './selected-gpu.js'

/**
 * The name of the computing device in a determinism class: the GPU's name with `-` for spaces, or a CPU's
 * architecture and instruction set.
 * @throws EngineError `gpu_missing`, `gpu_ambiguous`, `runtime_missing`
 */
export async function hostDevice(device: Device): Promise<string> {
  if (device === 'cuda') return (await selectedGpu()).name.replaceAll(/[^!-:<>-~]+/g, '-')
  const { platform, arch } = process
  return `${arch}-${await cpuIsa(platform, arch)}`
}
