import { execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { messageOf } from '../../../base/errors.js'

const FOLDER = fileURLToPath(new URL('.', import.meta.url))
const REQUIREMENTS = join(FOLDER, 'requirements.txt')
const CONFIG = join(FOLDER, 'schemathesis.toml')
const INSTALL_MS = 600_000

export interface Finished {
  readonly code: number | null
  /** Of stdout and stderr. */
  readonly output: string
}

export interface Schemathesis {
  /** Runs it with the configuration of this folder. */
  run(args: readonly string[]): Promise<Finished>
}

/**
 * schemathesis in a virtual environment of its own, which is kept for later runs. Where Python or its packages
 * can't be had the tests are skipped and the reason is printed.
 */
export function useSchemathesis(): () => Schemathesis {
  let program: string | null = null
  before(async function () {
    this.timeout(INSTALL_MS)
    try {
      program = await installed()
    } catch (error) {
      console.warn(`      skipped: schemathesis can't be installed: ${messageOf(error)}`)
      this.skip()
    }
  })
  return () => {
    const path = program
    if (path === null) throw new Error('schemathesis is there once the tests run')
    return { run: (args) => run(path, ['--config-file', CONFIG, 'run', '--no-color', ...args]) }
  }
}

/** @returns the path of the program */
async function installed(): Promise<string> {
  const requirements = await readFile(REQUIREMENTS)
  const version = createHash('sha256').update(requirements).digest('hex').slice(0, 12)
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache')
  const venv = join(cache, 'fractal', `schemathesis-${version}`)
  const program = join(venv, 'bin', 'schemathesis')
  // The last thing that is written: an unfinished installation is removed and started over.
  const complete = join(venv, 'complete')
  if (existsSync(complete)) return program
  await rm(venv, { recursive: true, force: true })
  const execute = promisify(execFile)
  await execute('python3', ['-m', 'venv', venv])
  const pip = ['-m', 'pip', 'install', '--quiet', '--requirement', REQUIREMENTS]
  await execute(join(venv, 'bin', 'python'), pip)
  await writeFile(complete, '')
  return program
}

async function run(program: string, args: readonly string[]): Promise<Finished> {
  // It keeps a cache of what it found in the folder that it runs in.
  const cwd = await mkdtemp(join(tmpdir(), 'fractal-schemathesis-'))
  const env = { ...process.env, PYTHONPATH: FOLDER, PYTHONDONTWRITEBYTECODE: '1' }
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  try {
    const [code] = (await once(child, 'close')) as [number | null]
    return { code, output }
  } finally {
    await rm(cwd, { recursive: true, force: true })
  }
}
