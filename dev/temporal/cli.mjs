import { execFile } from 'node:child_process'
import { accessSync, constants, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** What set-up fetches when none is found. */
export const CLI_VERSION = '1.9.1'
/** The first with the dev server's options we give (four ports, SQLite pragmas, typed search attributes). */
const OLDEST = [1, 5]

/**
 * @param {string} text what `temporal --version` prints
 * @returns {number[] | null} the version's numbers
 */
export function parseCliVersion(text) {
  const found = /temporal version v?(\d+)\.(\d+)\.(\d+)/i.exec(text)
  return found === null ? null : found.slice(1).map(Number)
}

/** @param {number[]} version */
export function isRecentEnough([major = 0, minor = 0]) {
  return major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])
}

/**
 * Where set-up keeps the program it fetched. One folder a version and platform, so that a shared home
 * serves several machines.
 *
 * @param {Record<string, string | undefined>} env
 */
export function cachedCliPath(env) {
  // The XDG specification says to ignore relative paths.
  const xdg = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : undefined
  const cache = xdg ?? join(env.HOME || homedir(), '.cache')
  return join(
    cache,
    'fractal',
    `temporal-${CLI_VERSION}-${process.platform}-${process.arch}`,
    'temporal',
  )
}

/**
 * The first Temporal CLI that works: `TEMPORAL_CLI`, `temporal` on PATH (>= 1.5), the cache.
 * Fetches nothing; `dev/setup.mjs` does.
 *
 * @param {Record<string, string | undefined>} [env]
 * @returns {Promise<import('./cli.mjs').FoundCli>}
 */
export async function findTemporalCli(env = process.env) {
  const tried = []
  for (const { from, path } of places(env)) {
    if (path === null) {
      tried.push(`${from}: none`)
      continue
    }
    const result = await probe(path)
    if (typeof result !== 'string') return { cli: { path, from, version: result.join('.') }, tried }
    tried.push(`${from}: ${path} ${result}`)
  }
  return { cli: null, tried }
}

/** @param {Record<string, string | undefined>} env */
function places(env) {
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'temporal'))
    .find(isProgram)
  const cached = cachedCliPath(env)
  return [
    ...(env.TEMPORAL_CLI ? [{ from: 'TEMPORAL_CLI', path: env.TEMPORAL_CLI }] : []),
    { from: 'PATH', path: onPath ?? null },
    { from: 'cache', path: isProgram(cached) ? cached : null },
  ]
}

/** @param {string} path */
function isProgram(path) {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/**
 * @param {string} path
 * @returns {Promise<number[] | string>} its version, or what is wrong with it
 */
async function probe(path) {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 10_000 })
    const version = parseCliVersion(stdout)
    if (version === null) return 'is something else'
    return isRecentEnough(version)
      ? version
      : `is ${version.join('.')}, older than ${OLDEST.join('.')}`
  } catch (error) {
    return `does not run (${error.code ?? error.message})`
  }
}
