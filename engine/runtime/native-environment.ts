import type { Device } from '../pipeline/generator.js'

/**
 * What onnxruntime, cuBLAS and cuDNN read of an operator's environment: which kernels they choose (ORT_DISABLE_FLASH_ATTENTION,
 * CUBLAS_EMULATE_SINGLE_PRECISION …), and with that which bytes a video has.
 */
const CHOOSES_KERNELS = /^(ORT_|CUBLAS|CUDNN_)/

/**
 * Sets what native libraries read from the environment when they are loaded: the binding has no
 * options for it. Call it in a process's main thread before the runtime is loaded: a worker's
 * `process.env` is a copy that they do not see.
 */
export function setNativeEnvironment(device: Device): void {
  for (const name of Object.keys(process.env)) {
    if (CHOOSES_KERNELS.test(name)) delete process.env[name]
  }
  // Since 1.29, onnxruntime sends telemetry. For that it keeps an id and a database in the user's cache
  // folder, needs a shell or crashes with SIGSEGV, and matches the process's command line with a regular
  // expression whose recursion overflows the stack: one of our threads dies at 14,000 characters.
  process.env.ORT_DISABLE_TELEMETRY = '1'
  // For cuBLAS and cuDNN.
  if (device === 'cuda') process.env.NVIDIA_TF32_OVERRIDE = '0'
}
