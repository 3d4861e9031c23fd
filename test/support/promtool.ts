import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { messageOf } from '../../base/errors.js'

const run = promisify(execFile)
const INSTALL_MS = 120_000

/** Prometheus' own linter. */
export interface Promtool {
  readonly path: string
  /** What `promtool check metrics` says of an exposition; '' when nothing is wrong. */
  check(exposition: string): Promise<string>
}

/** Prometheus' promtool; where there is none, the tests are skipped. */
export function usePromtool(): () => Promtool {
  const find = usePromtoolIfAny()
  before(function () {
    if (find() === null) this.skip()
  })
  return () => find()!
}

/**
 * Prometheus' promtool: on PATH, or unpacked from Debian's package where this is root and there is apt. Elsewhere
 * null, and the reason is printed: for tests that hold without it too.
 */
export function usePromtoolIfAny(): () => Promtool | null {
  let path: string | null = null
  before(async function () {
    this.timeout(INSTALL_MS)
    try {
      path = onPath() ?? (await unpacked())
    } catch (error) {
      console.warn(`      skipped: there is no promtool: ${messageOf(error)}`)
    }
  })
  return () => {
    const program = path
    return program === null
      ? null
      : { path: program, check: (exposition) => check(program, exposition) }
  }
}

function onPath(): string | null {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, 'promtool')).find((path) => existsSync(path)) ?? null
}

async function unpacked(): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'fractal', 'promtool')
  const program = join(cache, 'usr/bin/promtool')
  if (existsSync(program)) return program
  if (process.getuid?.() !== 0) throw new Error('none is on PATH, and only root may ask apt')
  // Not installed: the package would start a server.
  const folder = await mkdtemp(join(tmpdir(), 'fractal-promtool-'))
  try {
    const options = { cwd: folder, timeout: INSTALL_MS }
    await run('apt-get', ['--quiet', 'update'], options)
    // apt downloads as a user of its own, who may not write here, unless told otherwise.
    await run(
      'apt-get',
      ['--quiet', '-o', 'APT::Sandbox::User=root', 'download', 'prometheus'],
      options,
    )
    const [archive] = await readdir(folder)
    await run('dpkg', ['--extract', archive!, 'files'], options)
    await rm(cache, { recursive: true, force: true })
    await rename(join(folder, 'files'), cache)
    return program
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function check(program: string, exposition: string): Promise<string> {
  const child = spawn(program, ['check', 'metrics'], { stdio: ['pipe', 'pipe', 'pipe'] })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  child.stdin.end(exposition)
  const [code] = await once(child, 'close')
  return code === 0 ? said : `${said}exit code ${code}`
}
