import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { selectedGpu } from '../class/selected-gpu.js'
import { EngineError } from '../errors.js'
import type { ModelOutline } from '../model/model.js'
import type { Residency } from '../runtime/networks.js'

const MIB = 2 ** 20
/** What CUDA, cuBLAS and cuDNN need in any process: 0.5 to 1 GB with the smallest model on an H100. */
const CONTEXT_MIB = 500

export interface GpuMemory {
  readonly name: string
  readonly totalMib: number
  readonly freeMib: number
}

/**
 * The minimum GPU memory that a model needs with all its networks open: as measured, according to fractal.json,
 * else the size of its weights, which are copied to the GPU.
 */
export function neededMib({ files, config }: ModelOutline): number {
  const measured = config.descriptor?.gpuMemoryMib
  if (measured !== undefined) return measured
  return weightsMib([...files.sizes]) + CONTEXT_MIB
}

/** Memory of the GPU that this process computes on. @throws EngineError `gpu_missing`, `gpu_ambiguous` */
export async function gpuMemory(command = 'nvidia-smi'): Promise<GpuMemory> {
  const { uuid, name } = await selectedGpu(process.env, command)
  const query = ['--query-gpu=memory.total,memory.free', '--format=csv,noheader,nounits']
  const { stdout } = await promisify(execFile)(command, [...query, `--id=${uuid}`])
  const [totalMib = 0, freeMib = 0] = stdout.trim().split(/,\s*/).map(Number)
  return { name, totalMib, freeMib }
}

/** What the largest of its networks has of weights: the least that it takes with one open at a time. */
export function neededByTurnsMib({ files, config }: ModelOutline): number {
  const folders = Object.values(config.networks).map(({ folder }) =>
    weightsMib([...files.sizes].filter(([file]) => file.startsWith(`${folder}/`))),
  )
  return Math.max(...folders) + CONTEXT_MIB
}

function weightsMib(sizes: readonly (readonly [file: string, size: number])[]): number {
  const weights = sizes.filter(([file]) => !file.endsWith('.json'))
  return Math.ceil(weights.reduce((sum, [, size]) => sum + size, 0) / MIB)
}

/**
 * Whether the GPU has room for all networks or only for one at a time. Avoids spending minutes on opening a model
 * that can't fit.
 * @throws EngineError `gpu_too_small`
 */
export function residencyOn(
  model: ModelOutline,
  { name, totalMib, freeMib }: GpuMemory,
): Residency {
  if (neededMib(model) <= freeMib) return 'together'
  const byTurns = neededByTurnsMib(model)
  if (byTurns <= freeMib) return 'by turns'
  const [needs, has, free] = [byTurns, totalMib, freeMib].map((mib) => (mib / 1024).toFixed(1))
  const isTooSmall = byTurns > totalMib
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
