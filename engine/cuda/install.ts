import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { FractalError } from '../../base/errors.js'
import { findCudaLibraries } from './find-libraries.js'
import { type CudaPackage, LIBRARIES, PROVIDER } from './packages.js'
import { installWheel } from './pip.js'
import { cudaFolder, keptLibraries, providerFolder } from './places.js'
import { providerState } from './provider.js'

/**
 * `missing`: only those that this machine lacks; `all`: all pinned ones; `none`: they are provided in another
 * way.
 */
export const WHICH_LIBRARIES = ['missing', 'all', 'none'] as const
export type WhichLibraries = (typeof WHICH_LIBRARIES)[number]

export interface InstallOptions {
  readonly libraries: WhichLibraries
  readonly env: Readonly<Record<string, string | undefined>>
  say(line: string): void
}

/**
 * Installs onnxruntime's CUDA provider next to onnxruntime, and NVIDIA's libraries into separate folders, one
 * per version, which processes that compute on a GPU search (`cudaLibraryPath`).
 * @returns what was installed
 * @throws FractalError `cuda_unsupported`, `pip_missing`, `download_failed`
 */
export async function installCuda({ libraries, env, say }: InstallOptions): Promise<CudaPackage[]> {
  const { platform, arch } = process
  if (platform !== 'linux' || arch !== 'x64') {
    throw new FractalError(
      'cuda_unsupported',
      `There is no CUDA provider for ${platform} ${arch}.`,
      {
        hint: 'GPUs are only supported on Linux x64.',
      },
    )
  }
  const wanted = await wantedLibraries(libraries)
  const isThere = (await providerState()) === 'pinned'
  const put = [...(isThere ? [] : [PROVIDER]), ...wanted]
  for (const each of wanted) await fetch(each, env, say)
  if (!isThere) {
    const folder = await fetch(PROVIDER, env, say)
    // Copied, not linked: an image includes the packages' folder but not the cache folder.
    for (const library of PROVIDER.libraries) {
      await copyFile(path.join(folder, library), path.join(providerFolder(), library))
    }
  }
  return put
}

async function wantedLibraries(which: WhichLibraries): Promise<CudaPackage[]> {
  if (which === 'none') return []
  if (which === 'all') return [...LIBRARIES]
  const states = await findCudaLibraries()
  return states.filter(({ missing }) => missing.length > 0).map(({ needed }) => needed)
}

/** The folder of a package's libraries, downloaded unless it exists. */
async function fetch(
  needed: CudaPackage,
  env: InstallOptions['env'],
  say: InstallOptions['say'],
): Promise<string> {
  const kept = cudaFolder(env)
  const folder = keptLibraries(needed, env)
  if (await hasAll(folder, needed)) return folder
  await mkdir(kept, { recursive: true })
  const beside = await mkdtemp(path.join(kept, 'getting-'))
  try {
    say(
      `Downloading ${needed.what}: ${needed.name} ${needed.version} (${needed.megabytes} MB) with pip ...`,
    )
    await installWheel(needed, beside, env)
    const whole = path.join(kept, `${needed.name}-${needed.version}`)
    await rm(whole, { recursive: true, force: true })
    // Atomic: it appears complete or not at all.
    await rename(beside, whole)
    return folder
  } finally {
    await rm(beside, { recursive: true, force: true })
  }
}

async function hasAll(folder: string, { libraries }: CudaPackage): Promise<boolean> {
  const files: string[] = await readdir(folder).catch(() => [])
  return libraries.every((library) => files.includes(library))
}
