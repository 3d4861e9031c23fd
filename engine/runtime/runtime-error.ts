import { messageOf } from '../../base/errors.js'
import { OLDEST_DRIVER } from '../cuda/packages.js'
import { EngineError } from '../errors.js'
import { stripCppLocations } from './cpp-locations.js'

const ALLOCATION = /bad_alloc|out of memory|failed to allocate|allocate memory|_ALLOC_FAILED/i
/** Characters shown of a long message: its beginning and its end, because the reason may be at either. */
const BEGIN = 250
const END = 200

/** What `fractal cuda install` fixes. */
const INSTALL = 'Run npx fractal cuda install; npx fractal doctor --role prover says what is there.'

/** In the order in which they are tried: a message may match several. */
const CAUSES = [
  {
    code: 'gpu_missing',
    pattern: /no CUDA-capable device/i,
    message: 'CUDA finds no GPU',
    hint: 'Look at nvidia-smi, and at CUDA_VISIBLE_DEVICES; a container needs --gpus.',
  },
  {
    code: 'driver_too_old',
    pattern: /driver version is insufficient/i,
    message: "NVIDIA's driver is too old",
    hint: `CUDA 13 requires ${OLDEST_DRIVER} or newer: update it; nvidia-smi shows which one runs.`,
  },
  {
    code: 'cudnn_missing',
    pattern: /libcudnn\w*\.so|CUDNN_STATUS_(NOT_INITIALIZED|SUBLIBRARY_\w+|\w*VERSION_MISMATCH)/i,
    message: 'cuDNN 9 does not load',
    hint: INSTALL,
  },
  {
    code: 'cuda_missing',
    pattern: /lib(cudart|cublas|cublasLt|curand)\.so[.\d]*: cannot open/i,
    message: 'CUDA 13 is not installed',
    hint: INSTALL,
  },
  {
    code: 'cuda_missing',
    pattern: /Failed to load shared library|libonnxruntime_providers_\w+\.so/i,
    message: 'onnxruntime cannot use CUDA',
    hint: INSTALL,
  },
] as const

/**
 * The cause of an onnxruntime failure that can happen in any operation; null for others. Searches the whole
 * message, because any amount of text can precede the reason.
 */
export function knownFailure(cause: unknown): EngineError | null {
  const message = messageOf(cause)
  if (ALLOCATION.test(message)) {
    return new EngineError('out_of_memory', `The model ran out of memory: ${reasonOf(cause)}`, {
      hint: 'Ask for a smaller picture or fewer frames, or stop whatever else uses the memory.',
      cause,
    })
  }
  const known = CAUSES.find(({ pattern }) => pattern.test(message))
  if (known === undefined) return null
  return new EngineError(known.code, `${known.message}: ${reasonOf(cause)}`, {
    hint: known.hint,
    cause,
  })
}

/** The reason in one line: without C++ source locations and without a stack. */
export function reasonOf(cause: unknown): string {
  const told = stripCppLocations(messageOf(cause).split('Stacktrace:', 1)[0]!)
    // The location of a CUDA call, and the host name.
    .replace(/ ; GPU=\S+ ; hostname=[^;]*(; file=[^;]*)?(; line=[^;]*)?(; expr=[^;]*;?)?/g, '')
    .replace(/\s+/g, ' ')
    .trim()
  return told.length <= BEGIN + END ? told : `${told.slice(0, BEGIN)} … ${told.slice(-END)}`
}
