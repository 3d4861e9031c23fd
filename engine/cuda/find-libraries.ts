import { execFile } from 'node:child_process'
import { access, realpath } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { type CudaPackage, LIBRARIES } from './packages.js'
import { cudaLibraryPath } from './places.js'

/** A library that the dynamic linker would load. */
export interface FoundLibrary {
  readonly library: string
  readonly path: string
  /** From the file's real name: libcudart.so.13.0.96. Null if the name has no more than the soname. */
  readonly version: string | null
}

export interface PackageState {
  readonly needed: CudaPackage
  readonly found: readonly FoundLibrary[]
  readonly missing: readonly string[]
}

export interface LookUp {
  /** `LD_LIBRARY_PATH` for a process that computes on a GPU. */
  readonly libraryPath: string
  /** The system's list of libraries, as `ldconfig -p` prints it. */
  listed(): Promise<string>
}

const HERE = (): LookUp => ({
  libraryPath: cudaLibraryPath(process.env),
  listed: () => printed(['ldconfig', '/sbin/ldconfig', '/usr/sbin/ldconfig']),
})

/**
 * Which of NVIDIA's libraries a process that computes on a GPU would load, and which it would not find. It
 * searches in the dynamic linker's order: `LD_LIBRARY_PATH`, then the system's list.
 */
export async function findCudaLibraries(lookUp: LookUp = HERE()): Promise<PackageState[]> {
  const find = await finder(lookUp)
  return Promise.all(
    LIBRARIES.map(async (needed) => {
      const all = await Promise.all(needed.libraries.map(find))
      return {
        needed,
        found: all.filter((each) => each !== null),
        missing: needed.libraries.filter((_, i) => all[i] === null),
      }
    }),
  )
}

/** Whether the driver's own library would be found. */
export async function hasDriver(lookUp: LookUp = HERE()): Promise<boolean> {
  return (await (await finder(lookUp))('libcuda.so.1')) !== null
}

async function finder({ libraryPath, listed }: LookUp) {
  const system = systemPaths(await listed())
  const folders = libraryPath.split(':').filter(Boolean)
  return async (library: string): Promise<FoundLibrary | null> => {
    const places = folders.map((folder) => path.join(folder, library))
    const known = system.get(library)
    for (const place of known === undefined ? places : [...places, known]) {
      if (await isThere(place)) return { library, path: place, version: await versionOf(place) }
    }
    return null
  }
}

/** One line that says what is missing, in which version, and where to get it; null if nothing is missing. */
export function describeMissing(states: readonly PackageState[]): string | null {
  const lacking = states.filter(({ missing }) => missing.length > 0)
  if (lacking.length === 0) return null
  return lacking.map(({ needed, missing }) => `${needed.what} (${missing.join(', ')})`).join(', ')
}

/** The first entry of each library, like the linker: `libcudart.so.13 (libc6,x86-64) => /usr/lib/…`. */
function systemPaths(listed: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, library, place] of listed.matchAll(/^\s*(\S+) \(.*?\) => (\S+)$/gm)) {
    if (!found.has(library!)) found.set(library!, place!)
  }
  return found
}

/** The version from the link's target file, else from the folder of its wheel. */
async function versionOf(place: string): Promise<string | null> {
  const file = await realpath(place)
  const named = /\.so\.(\d+(?:\.\d+)+)$/.exec(path.basename(file))?.[1]
  const wheel = LIBRARIES.find(({ name, version }) => file.includes(`/${name}-${version}/`))
  return named ?? wheel?.version ?? null
}

function isThere(place: string): Promise<boolean> {
  return access(place).then(
    () => true,
    () => false,
  )
}

/** The output of the first of these programs that exists; empty if none does. */
async function printed(programs: readonly string[]): Promise<string> {
  for (const program of programs) {
    try {
      return (await promisify(execFile)(program, ['-p'], { maxBuffer: 16 * 2 ** 20 })).stdout
    } catch {
      // Most likely not on this user's PATH.
    }
  }
  return ''
}
