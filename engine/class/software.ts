import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Device } from '../pipeline/generator.js'
import { sessionOptionsSha256 } from '../runtime/session-options.js'
import { buildIdOf } from './build-id.js'
import { selectedGpu } from './selected-gpu.js'

/** File name prefixes of the libraries whose code computes. */
const LIBRARIES = [
  'libonnxruntime.so',
  'libonnxruntime_providers_cuda.so',
  'libcuda.so',
  'libcudart.so',
  'libcublas.so',
  'libcublasLt.so',
  'libcudnn.so',
  'libcudnn_graph.so',
  'libcudnn_engines_precompiled.so',
] as const

/**
 * Versions and build ids of the computing software, to explain why two machines' bytes differ. It lists the
 * libraries that this process has loaded, so call it after something was generated. What a platform doesn't
 * reveal is left out.
 * @throws EngineError `gpu_missing`, `gpu_ambiguous`
 */
export async function softwareOf(
  device: Device,
  runtimeVersion: string,
  mapsPath = '/proc/self/maps',
): Promise<Record<string, string>> {
  const gpu = device === 'cuda' ? await selectedGpu() : null
  return {
    node: process.version,
    onnxruntime: runtimeVersion,
    session: sessionOptionsSha256(device).slice(0, 12),
    ...(gpu !== null && { driver: gpu.driver, tf32: tf32() }),
    ...(await loadedLibraries(mapsPath)),
  }
}

/** NVIDIA enables it by default. */
function tf32(): string {
  return process.env.NVIDIA_TF32_OVERRIDE === '0' ? 'off' : 'on'
}

async function loadedLibraries(mapsPath: string): Promise<Record<string, string>> {
  const maps = await readFile(mapsPath, 'utf8').catch(() => '')
  const files = new Set(maps.match(/\/\S+\.so[.0-9]*$/gm))
  const found: Record<string, string> = {}
  for (const library of LIBRARIES) {
    const file = [...files].find((each) => path.basename(each).startsWith(library))
    if (file === undefined) continue
    const id = await buildIdOf(file).catch(() => null)
    found[library.replace(/\.so$/, '')] = id === null ? path.basename(file) : `build ${id}`
  }
  return found
}
