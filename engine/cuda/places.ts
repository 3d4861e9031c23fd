import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { homedir } from 'node:os'
import path from 'node:path'
import { type CudaPackage, LIBRARIES } from './packages.js'

type Environment = Readonly<Record<string, string | undefined>>

/** The folder of onnxruntime-node's libraries, where it looks for its provider. */
export function providerFolder(): string {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node')
  const { platform, arch } = process
  return path.join(path.dirname(entry), '..', 'bin', 'napi-v6', platform, arch)
}

/**
 * The cache folder: `npm ci` removes everything in node_modules, and this way nothing has to be downloaded
 * again.
 */
export function cudaFolder(env: Environment): string {
  // The XDG specification says to ignore relative paths.
  const xdg = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : undefined
  return path.join(xdg ?? path.join(env.HOME || homedir(), '.cache'), 'fractal', 'cuda')
}

/** Where a package's libraries are once downloaded. */
export function keptLibraries({ name, version, folder }: CudaPackage, env: Environment): string {
  return path.join(cudaFolder(env), `${name}-${version}`, folder)
}

/**
 * `LD_LIBRARY_PATH` for a process that computes on a GPU: the current value, then the folders of downloaded
 * libraries. The dynamic linker reads it when a process starts, so only a process started with it finds them.
 */
export function cudaLibraryPath(env: Environment): string {
  const kept = LIBRARIES.map((each) => keptLibraries(each, env)).filter((folder) =>
    existsSync(folder),
  )
  return [...(env.LD_LIBRARY_PATH ?? '').split(':').filter(Boolean), ...kept].join(':')
}

/** The environment for a process that opens a model on this device. */
export function environmentFor(device: 'cpu' | 'cuda', env: Environment): Environment {
  return device === 'cuda' ? { ...env, LD_LIBRARY_PATH: cudaLibraryPath(env) } : env
}
