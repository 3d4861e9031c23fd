import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { selectedGpu } from '../class/selected-gpu.js'
import { EngineError } from '../errors.js'
import type { Model } from '../model/model.js'

const MIB = 2 ** 20
/** What CUDA, cuBLAS and cuDNN need in any process: 0.5 to 1 GB with the smallest model on an H100. */
const CONTEXT_MIB = 500

export interface GpuMemory {
  readonly name: string
  readonly totalMib: number
  readonly freeMib: number
}

/**
 * The minimum GPU memory that a model needs: as measured, according to fractal.json, else the size of its
 * weights, which are copied to the GPU.
 */
export function neededMib({ files, config }: Model): number {
  const measured = config.descriptor?.gpuMemoryMib
  if (measured !== undefined) return measured
  const weights = [...files.sizes]
    .filter(([file]) => !file.endsWith('.json'))
    .reduce((sum, [, size]) => sum + size, 0)
  return Math.ceil(weights / MIB) + CONTEXT_MIB
}

/** Memory of the GPU that this process computes on. @throws EngineError `gpu_missing`, `gpu_ambiguous` */
export async function gpuMemory(command = 'nvidia-smi'): Promise<GpuMemory> {
  const { uuid, name } = await selectedGpu(process.env, command)
  const query = ['--query-gpu=memory.total,memory.free', '--format=csv,noheader,nounits']
  const { stdout } = await promisify(execFile)(command, [...query, `--id=${uuid}`])
  const [totalMib = 0, freeMib = 0] = stdout.trim().split(/,\s*/).map(Number)
  return { name, totalMib, freeMib }
}

/**
 * Avoids spending minutes on opening a model that can't fit.
 * @throws EngineError `gpu_too_small`
 */
export function assertFits(model: Model, { name, totalMib, freeMib }: GpuMemory): void {
  const needed = neededMib(model)
  if (needed <= freeMib) return
  const [needs, has, free] = [needed, totalMib, freeMib].map((mib) => (mib / 1024).toFixed(1))
  const isTooSmall = needed > totalMib
  throw new EngineError(
    'gpu_too_small',
    isTooSmall
      ? `The model needs ${needs} GiB of a GPU’s memory; ${name} has ${has}.`
      : `The model needs ${needs} GiB of a GPU’s memory; of the ${has} of ${name}, ${free} are free.`,
    {
      hint: isTooSmall
        ? 'Use a smaller model, or one in fp16 (docs/models.md says what each takes).'
        : 'Stop whatever else uses the GPU: nvidia-smi lists it.',
    },
  )
}
