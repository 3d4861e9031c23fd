/** A wheel of a Python package registry: the one place from which everybody may fetch NVIDIA's libraries. */
export interface CudaPackage {
  readonly name: string
  readonly version: string
  /** Of the wheel for Linux on x64. */
  readonly sha256: string
  /** Of the wheel, in 10^6 bytes: for people who wait. */
  readonly megabytes: number
  /** Where its libraries are in it. */
  readonly folder: string
  /** Which of them are needed, as the dynamic linker asks for them. */
  readonly libraries: readonly string[]
  /** What people call it. */
  readonly what: string
}

/** onnxruntime's CUDA provider: of the version of onnxruntime-node in package.json, which comes without it. */
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
 * versions of CUDA 13 and cuDNN 9 work too, and may compute other bytes; with these an H100 was measured
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

/** The oldest of NVIDIA's drivers that runs CUDA 13. */
export const OLDEST_DRIVER = 580

/** Whether a driver, as nvidia-smi writes its version (580.159.03), runs CUDA 13. */
export function runsCuda13(driver: string): boolean {
  return Number.parseInt(driver, 10) >= OLDEST_DRIVER
}
