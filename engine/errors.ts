import { FractalError, type FractalErrorOptions } from '../base/errors.js'

/**
 * - `invalid_request`: sizes, steps, guidance, frames or text that no retry can make acceptable
 * - `invalid_seed`: a seed that is not an integer in 0 … 2^32−1
 * - `model_missing`: there is no model folder at the path
 * - `model_invalid`: a file of the model folder is missing, truncated, a symlink, or malformed
 * - `unsupported_model`: a valid folder with an architecture or option that this engine does not support
 * - `runtime_missing`: onnxruntime has no binary for this platform, or it does not load
 * - `cuda_missing`: onnxruntime's CUDA provider or CUDA 13 is not installed, or does not load
 * - `cudnn_missing`: cuDNN 9 is not installed, or does not load
 * - `driver_too_old`: NVIDIA's driver is older than CUDA 13 requires
 * - `gpu_missing`: no NVIDIA driver or GPU
 * - `gpu_too_small`: the GPU has less memory, or less of it free, than the model needs
 * - `gpu_ambiguous`: GPUs of several models, and it is not known which one CUDA uses
 * - `out_of_memory`: the runtime could not allocate what the model or the request needs
 * - `server_unreachable`: no model server answers at the address
 * - `server_protocol`: what answers there is not a model server, or speaks another version
 * - `server_silent`: a model server said nothing for too long
 * - `server_untrue`: a model server's videos are not of the class or the root that it reports
 * - `cancelled`: the caller's signal was aborted
 * - `closed`: the generator was closed
 * - `engine_failed`: the runtime failed in another way
 * - `certify_failed`: a certifying process ended without a result
 * - `encode_failed`: the video could not be encoded as MP4
 */
export type EngineErrorCode =
  | 'invalid_request'
  | 'invalid_seed'
  | 'model_missing'
  | 'model_invalid'
  | 'unsupported_model'
  | 'runtime_missing'
  | 'cuda_missing'
  | 'cudnn_missing'
  | 'driver_too_old'
  | 'gpu_missing'
  | 'gpu_too_small'
  | 'gpu_ambiguous'
  | 'out_of_memory'
  | 'server_unreachable'
  | 'server_protocol'
  | 'server_silent'
  | 'server_untrue'
  | 'cancelled'
  | 'closed'
  | 'engine_failed'
  | 'certify_failed'
  | 'encode_failed'

/** Everything that can go wrong between a prompt and its frames. */
export class EngineError extends FractalError {
  declare readonly code: EngineErrorCode

  constructor(code: EngineErrorCode, message: string, options: FractalErrorOptions = {}) {
    super(code, message, options)
  }
}
