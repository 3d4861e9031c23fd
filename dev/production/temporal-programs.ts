import { execFile, spawn } from 'node:child_process'
import { closeSync, existsSync, openSync } from 'node:fs'
import { cp, mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { FractalError, messageOf } from '../../base/errors.js'
import { lastLines } from '../process/child.js'
import { printLine } from '../process/print-line.js'

/** v1.32.2 wants a newer Go than Debian and its neighbours have. */
const VERSION = '1.32.1'
const MODULE = 'go.temporal.io/server'

/** Temporal's server as it runs in production, and what makes its tables. */
export interface TemporalPrograms {
  readonly server: string
  readonly sqlTool: string
  /** The folder with `temporal/versioned` and `visibility/versioned`. */
  readonly schema: string
}

/**
 * Temporal's programs, built from their source by Go when the cache has none: about ten minutes on two
 * cores, once. (The `temporal` command of set-up holds the development server alone.)
 * @throws FractalError `go_missing`, `temporal_not_built`
 */
export async function temporalPrograms(logFile: string): Promise<TemporalPrograms> {
  const home = cacheFolder(`temporal-server-${VERSION}`)
  if (!existsSync(home)) await build(home, logFile)
  return {
    server: path.join(home, 'server'),
    sqlTool: path.join(home, 'sql'),
    schema: path.join(home, 'schema'),
  }
}

/** Beside the `temporal` command's (dev/temporal/cli.mjs), so that clones share what took so long. */
export function cacheFolder(program: string): string {
  const { XDG_CACHE_HOME: xdg, HOME } = process.env
  const cache = xdg?.startsWith('/') ? xdg : path.join(HOME || homedir(), '.cache')
  const platform = `${process.platform}-${process.arch}`
  return path.join(cache, 'fractal', `${program}-${platform}`)
}

async function build(home: string, logFile: string): Promise<void> {
  const go = await promisify(execFile)('go', ['version']).catch(() => null)
  if (go === null) {
    throw new FractalError('go_missing', 'Temporal’s server has to be built, and there is no Go.', {
      hint: 'Install Go 1.26 or newer. (The development server of `npm run demo` is another shape.)',
    })
  }
  printLine(`building Temporal ${VERSION} with ${go.stdout.trim()}: about ten minutes, once`)
  const building = `${home}.building-${process.pid}`
  try {
    await mkdir(building, { recursive: true })
    const env = { ...process.env, GOBIN: building }
    for (const part of ['cmd/tools/sql', 'cmd/server']) {
      await run('nice', ['go', 'install', `${MODULE}/${part}@v${VERSION}`], env, logFile)
    }
    const { stdout } = await promisify(execFile)(
      'go',
      ['mod', 'download', '-json', `${MODULE}@v${VERSION}`],
      { cwd: building },
    )
    const { Dir: source } = JSON.parse(stdout) as { Dir: string }
    const from = path.join(source, 'schema/postgresql/v12')
    await cp(from, path.join(building, 'schema'), { recursive: true })
    // By rename, so that a build that was interrupted is no build.
    await rename(building, home)
  } catch (error) {
    // Another start may have been faster.
    if (existsSync(home)) return
    throw new FractalError(
      'temporal_not_built',
      `Temporal’s server was not built: ${messageOf(error)}`,
      { hint: `The words of Go: ${logFile}`, cause: error },
    )
  } finally {
    // Go's module files are read only.
    await promisify(execFile)('chmod', ['-R', 'u+w', building]).catch(() => undefined)
    await rm(building, { recursive: true, force: true })
  }
}

function run(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  logFile: string,
): Promise<void> {
  const output = openSync(logFile, 'a')
  return new Promise<void>((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ['ignore', output, output] })
    child.once('error', reject)
    child.once('exit', (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${args.join(' ')} ended with ${code}:\n${lastLines(logFile)}`))
    })
  }).finally(() => closeSync(output))
}
