import { selectedGpu } from '../class/selected-gpu.js'
import { EngineError } from '../errors.js'
import { describeMissing, findCudaLibraries, hasDriver } from './find-libraries.js'
import { OLDEST_DRIVER, PROVIDER, runsCuda13 } from './packages.js'
import { providerState } from './provider.js'

/** Looked up when CUDA has failed; replaced in tests. */
export interface CudaFacts {
  provider: typeof providerState
  libraries: typeof findCudaLibraries
  driver: typeof hasDriver
  /** As nvidia-smi prints it; null where that does not answer. */
  driverVersion(): Promise<string | null>
}

const HERE: CudaFacts = {
  provider: providerState,
  libraries: findCudaLibraries,
  driver: hasDriver,
  driverVersion: () =>
    selectedGpu().then(
      ({ driver }) => driver,
      () => null,
    ),
}

/**
 * Adds to a CUDA error what this machine lacks: onnxruntime's own message is the same whether its provider, a
 * library or the driver is missing.
 */
export async function withWhatIsMissing(
  error: EngineError,
  { provider, libraries, driver, driverVersion }: CudaFacts = HERE,
): Promise<EngineError> {
  if (error.code !== 'cuda_missing' && error.code !== 'cudnn_missing') return error
  const { hint, cause } = error
  const lacks = [
    (await provider()) === 'missing' ? `${PROVIDER.what} ${PROVIDER.version}` : null,
    describeMissing(await libraries()),
  ].filter((each) => each !== null)
  if (lacks.length > 0) {
    const message = `${error.message} Not found here: ${lacks.join(', ')}.`
    return new EngineError(error.code, message, { ...(hint !== undefined && { hint }), cause })
  }
  if (await driver()) return withOldDriver(error, await driverVersion())
  return new EngineError(
    'gpu_missing',
    'NVIDIA’s driver is not installed: there is no libcuda.so.1.',
    {
      hint: `Install it, ${OLDEST_DRIVER} or newer; a container needs --gpus.`,
      cause,
    },
  )
}

/**
 * Only where onnxruntime failed and nothing is missing: with NVIDIA's compatibility package, an older driver may do.
 */
function withOldDriver(error: EngineError, version: string | null): EngineError {
  if (version === null || runsCuda13(version)) return error
  return new EngineError(
    'driver_too_old',
    `NVIDIA’s driver ${version} is too old for CUDA 13: ${error.message}`,
    { hint: `Update it to ${OLDEST_DRIVER} or newer.`, cause: error.cause },
  )
}
