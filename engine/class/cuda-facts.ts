import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { EngineError } from '../errors.js'

/**
 * Name and driver of the first GPU, as nvidia-smi reports. UNTESTED on a GPU so far.
 * @param command for tests
 * @throws EngineError `gpu_missing`
 */
export async function queryGpu(command = 'nvidia-smi'): Promise<{ gpu: string; driver: string }> {
  try {
    const { stdout } = await promisify(execFile)(
      command,
      ['--query-gpu=name,driver_version', '--format=csv,noheader', '--id=0'],
      { timeout: 20_000 },
    )
    const [name, driver] = stdout.trim().split(/,\s*/)
    if (!name || !driver) throw new Error(`unexpected answer: ${stdout.trim()}`)
    return { gpu: name.replaceAll(/\s+/g, '-'), driver }
  } catch (cause) {
    throw new EngineError('gpu_missing', 'No NVIDIA GPU answers: nvidia-smi failed.', {
      hint: 'Install the NVIDIA driver, or run with --device cpu (slow, for development).',
      cause,
    })
  }
}

/**
 * Versions of the CUDA libraries that this process has loaded (not the newest that the driver could
 * run), by their file names in
 * /proc/self/maps. A file whose name has no full version (wheels name them so) is identified by its hash.
 * @throws EngineError `cuda_missing` when they are not loaded
 */
export async function loadedCudaVersions(
  mapsPath = '/proc/self/maps',
): Promise<{ cuda: string; cudnn: string }> {
  const maps = await readFile(mapsPath, 'utf8').catch(() => '')
  const version = async (library: string): Promise<string> => {
    const file = new RegExp(`/\\S*/${library}\\.so[.0-9]*$`, 'm').exec(maps)?.[0]
    if (file === undefined) {
      throw new EngineError('cuda_missing', `${library} is not loaded in this process.`, {
        hint: 'Install CUDA 12 and cuDNN 9 where the dynamic linker finds them.',
      })
    }
    const full = /\.so\.(\d+\.\d+\.\d+)$/.exec(path.basename(file))?.[1]
    if (full !== undefined) return full
    return `sha-${createHash('sha256')
      .update(await readFile(file))
      .digest('hex')
      .slice(0, 12)}`
  }
  return { cuda: await version('libcudart'), cudnn: await version('libcudnn') }
}
