import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { EngineError } from '../errors.js'

export interface SelectedGpu {
  uuid: string
  name: string
  driver: string
}

type Environment = Record<string, string | undefined>

const QUERY = ['--query-gpu=uuid,name,driver_version', '--format=csv,noheader']

/**
 * The GPU that is CUDA's first device in this process: the first entry of `CUDA_VISIBLE_DEVICES`, by index or
 * UUID, else the machine's first. nvidia-smi lists GPUs in PCI bus order; CUDA does so only if
 * `CUDA_DEVICE_ORDER` is PCI_BUS_ID, and otherwise begins with the one that it considers fastest. If that
 * could be a different model, we don't guess.
 * @param command for tests
 * @throws EngineError `gpu_missing`, `gpu_ambiguous`
 */
export async function selectedGpu(
  env: Environment = process.env,
  command = 'nvidia-smi',
): Promise<SelectedGpu> {
  const gpus = await listed(command)
  const [entry] = (env.CUDA_VISIBLE_DEVICES ?? '0').split(',')
  const wanted = entry!.trim()
  const found = /^\d+$/.test(wanted)
    ? gpus[Number(wanted)]
    : gpus.find(({ uuid }) => /^GPU-./.test(wanted) && uuid.startsWith(wanted))
  if (found === undefined) {
    throw new EngineError(
      'gpu_missing',
      `CUDA_VISIBLE_DEVICES=${wanted}: nvidia-smi has no such GPU among ${gpus.length}.`,
      { hint: 'Give the index or the UUID (GPU-…) of a whole GPU, as nvidia-smi -L lists them.' },
    )
  }
  const byBus = env.CUDA_DEVICE_ORDER === 'PCI_BUS_ID' || !/^\d+$/.test(wanted)
  if (!byBus && gpus.some(({ name }) => name !== found.name)) {
    throw new EngineError(
      'gpu_ambiguous',
      'This machine has GPUs of several models, and which of them CUDA counts first is not known.',
      {
        hint: 'Set CUDA_DEVICE_ORDER=PCI_BUS_ID, or the UUID of one (nvidia-smi -L) in CUDA_VISIBLE_DEVICES.',
      },
    )
  }
  return found
}

/**
 * The UUIDs of the first `count` GPUs that this process may use, in order.
 * @param command for tests
 * @throws EngineError `gpu_missing` if there are fewer, `gpu_ambiguous`
 */
export async function visibleGpus(
  count: number,
  env: Environment = process.env,
  command = 'nvidia-smi',
): Promise<string[]> {
  const { CUDA_VISIBLE_DEVICES: visible, CUDA_DEVICE_ORDER } = env
  const uuids = (await listed(command)).map(({ uuid }) => uuid)
  const entries = visible === undefined ? uuids : visible.split(',')
  if (entries.length < count) {
    throw new EngineError(
      'gpu_missing',
      `${count} GPUs were requested, but there are ${entries.length}.`,
      {
        hint: 'Lower --gpu.count, or look at nvidia-smi -L and CUDA_VISIBLE_DEVICES.',
      },
    )
  }
  const wanted = await Promise.all(
    entries.slice(0, count).map(async (entry) => {
      return (await selectedGpu({ CUDA_VISIBLE_DEVICES: entry, CUDA_DEVICE_ORDER }, command)).uuid
    }),
  )
  if (new Set(wanted).size === count) return wanted
  throw new EngineError('gpu_missing', `CUDA_VISIBLE_DEVICES=${visible} names a GPU twice.`, {
    hint: 'Two workers on one GPU are slower than one: name each GPU once.',
  })
}

/**
 * Makes only the selected GPU visible to CUDA, by its UUID, so that the GPU named in the class is the one
 * that computes. Call it in the main thread before CUDA is loaded: a worker's `process.env` is a copy that
 * native libraries do not see.
 * @throws EngineError `gpu_missing`, `gpu_ambiguous`
 */
export async function pinGpu(): Promise<void> {
  process.env.CUDA_VISIBLE_DEVICES = (await selectedGpu()).uuid
}

async function listed(command: string): Promise<SelectedGpu[]> {
  try {
    const { stdout } = await promisify(execFile)(command, QUERY, { timeout: 20_000 })
    return stdout
      .trim()
      .split('\n')
      .map((line) => {
        const [uuid, name, driver] = line.split(/,\s*/)
        if (!uuid || !name || !driver) throw new Error(`unexpected answer: ${line}`)
        return { uuid, name, driver }
      })
  } catch (cause) {
    throw new EngineError('gpu_missing', 'No NVIDIA GPU answers: nvidia-smi failed.', {
      hint: 'Install the NVIDIA driver, or run with --device cpu (slow, for development).',
      cause,
    })
  }
}
