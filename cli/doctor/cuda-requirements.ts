import { findCudaLibraries, type PackageState } from '../../engine/cuda/find-libraries.js'
import {
  type CudaPackage,
  OLDEST_DRIVER,
  PROVIDER,
  runsCuda13,
} from '../../engine/cuda/packages.js'
import { type ProviderState, providerState } from '../../engine/cuda/provider.js'
import type { Gpu } from './machine-facts.js'
import type { Requirement } from './requirement.js'

const INSTALL = 'npx fractal cuda install'

/** What stands between onnxruntime and a GPU. */
export interface CudaState {
  readonly provider: ProviderState
  readonly packages: readonly PackageState[]
}

export async function cudaState(): Promise<CudaState> {
  const [provider, packages] = await Promise.all([providerState(), findCudaLibraries()])
  return { provider, packages }
}

/** The driver, onnxruntime's provider and NVIDIA's libraries; nothing where no GPU is used. */
export function cudaRequirements(cuda: CudaState | null, gpus: readonly Gpu[]): Requirement[] {
  if (cuda === null) return []
  return [...driver(gpus), provider(cuda.provider), ...cuda.packages.map(library)]
}

/** Without a GPU the row of that says what to do. */
function driver(gpus: readonly Gpu[]): Requirement[] {
  const [gpu] = gpus
  if (gpu === undefined) return []
  const isNew = runsCuda13(gpu.driver)
  return [
    {
      name: 'NVIDIA driver',
      state: isNew ? 'ok' : 'missing',
      found: gpu.driver,
      needed: `${OLDEST_DRIVER} or newer, for CUDA 13`,
      todo: isNew ? null : 'Update it: ubuntu-drivers install, or the package of your host.',
    },
  ]
}

function provider(state: ProviderState): Requirement {
  const base = {
    name: 'onnxruntime’s CUDA provider',
    needed: `${PROVIDER.name} ${PROVIDER.version}`,
  }
  switch (state) {
    case 'pinned':
      return { ...base, state: 'ok', found: PROVIDER.version, todo: null }
    case 'other': {
      const todo = `If the engine fails or computes other bytes than others’, take the pinned one: ${INSTALL}`
      return { ...base, state: 'unknown', found: 'another build', todo }
    }
    case 'missing':
      return {
        ...base,
        state: 'missing',
        found: 'none',
        todo: `From Python’s package registry: ${INSTALL}`,
      }
  }
}

function library({ needed, found, missing }: PackageState): Requirement {
  const base = { name: needed.what, needed: needed.libraries.join(', ') }
  if (missing.length > 0) {
    const todo = `${needed.name} ${needed.version}, from Python’s package registry: ${INSTALL}; or NVIDIA’s own package.`
    return { ...base, state: 'missing', found: `no ${missing.join(', ')}`, todo }
  }
  const [first] = found
  const version = first?.version ?? 'of unknown version'
  const todo = isOther(needed, first?.version)
    ? `Not ${needed.version}, which the image has: it may compute other bytes. ${INSTALL} --libraries all gets that.`
    : null
  return { ...base, state: 'ok', found: `${version}, ${first?.path ?? ''}`, todo }
}

/** @param found from a file's name, which may have fewer parts than the wheel's version: libcudnn.so.9.19.0 */
function isOther({ version }: CudaPackage, found: string | null | undefined): boolean {
  return found != null && !`${version}.`.startsWith(`${found}.`)
}
