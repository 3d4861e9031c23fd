/**
 * A wheel in a Python package registry: the only source from which everybody may download NVIDIA's libraries.
 */
export interface CudaPackage {
  readonly name: string
  readonly version: string
  /** sha256 of the wheel for Linux x64. */
  readonly sha256: string
  /** Size of the wheel in 10^6 bytes, for progress messages. */
  readonly megabytes: number
  /** The folder of its libraries in the wheel. */
  readonly folder: string
  /** The needed ones, by soname. */
  readonly libraries: readonly string[]
  /** Its common name. */
  readonly what: string
}

/** onnxruntime's CUDA provider, which onnxruntime-node does not include; same version as in package.json. */
export const PROVIDER: CudaPackage = {
  name: 'onnxruntime-gpu',
  version: '1.30.0',
  sha256: '6acc0f4b3d5ac5f2984432faa59dd8fcce6775f8b43a7140afa0f322c7a703b1',
  megabytes: 247,
  folder: 'onnxruntime/capi',
  libraries: ['libonnxruntime_providers_shared.so', 'libonnxruntime_providers_cuda.so'],
  what: 'onnxruntime’s CUDA provider',
}

/**
 * What the provider loads: CUDA 13 by its own list (`readelf -d`), cuDNN 9 when the first network runs. Other
 * versions of CUDA 13 and cuDNN 9 also work, but may compute different bytes; an H100 was measured with these
 * (docs/performance.md).
 */
export const LIBRARIES: readonly CudaPackage[] = [
  {
    name: 'nvidia-cuda-runtime',
    version: '13.0.96',
    sha256: '7f82250d7782aa23b6cfe765ecc7db554bd3c2870c43f3d1821f1d18aebf0548',
    megabytes: 2,
    folder: 'nvidia/cu13/lib',
    libraries: ['libcudart.so.13'],
    what: 'CUDA 13',
  },
  {
    name: 'nvidia-cublas',
    version: '13.1.0.3',
    sha256: 'ee8722c1f0145ab246bccb9e452153b5e0515fd094c3678df50b2a0888b8b171',
    megabytes: 423,
    folder: 'nvidia/cu13/lib',
    libraries: ['libcublas.so.13', 'libcublasLt.so.13'],
    what: 'cuBLAS 13',
  },
  {
    name: 'nvidia-curand',
    version: '10.4.0.35',
    sha256: '1aee33a5da6e1db083fe2b90082def8915f30f3248d5896bcec36a579d941bfc',
    megabytes: 60,
    folder: 'nvidia/cu13/lib',
    libraries: ['libcurand.so.10'],
    what: 'cuRAND 10',
  },
  {
    name: 'nvidia-cudnn-cu13',
    version: '9.19.0.56',
    sha256: 'd20e1734305e9d68889a96e3f35094d733ff1f83932ebe462753973e53a572bf',
    megabytes: 366,
    folder: 'nvidia/cudnn/lib',
    libraries: ['libcudnn.so.9'],
    what: 'cuDNN 9',
  },
]

/** The oldest NVIDIA driver that supports CUDA 13. */
export const OLDEST_DRIVER = 580

/** Whether a driver supports CUDA 13, by its version as nvidia-smi prints it (580.159.03). */
export function runsCuda13(driver: string): boolean {
  return Number.parseInt(driver, 10) >= OLDEST_DRIVER
}
