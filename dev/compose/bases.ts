import { execFile } from 'node:child_process'
import { cp, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { FractalError } from '../../base/errors.js'
import { preparePostgresHome } from '../postgres/home.js'
import { temporalPrograms } from '../production/temporal-programs.js'
import { findTemporalCli } from '../temporal/cli.mjs'
import type { Engine } from './engine.js'
import { CADDY, goProgram, TEMPORAL_UI } from './go-programs.js'

const run = promisify(execFile)
const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const RECIPES = fileURLToPath(new URL('./bases', import.meta.url))
/** What the recipes start from; of no registry. */
const DEBIAN = 'fractal-local/debian:bookworm'
const SUITE = 'bookworm'
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'

/** The folder of bases/ whose image stands in for another, by the other's name. */
export const STAND_INS: Readonly<Record<string, string>> = {
  node: 'node',
  postgres: 'postgres',
  'temporalio/server': 'temporal-server',
  'temporalio/admin-tools': 'temporal-admin-tools',
  'temporalio/ui': 'temporal-ui',
  caddy: 'caddy',
}

export interface BasesOptions {
  /** Stand-ins are made of Debian's packages and of this machine's programs for what is missing; else it is pulled. */
  readonly local: boolean
  readonly folder: string
  readonly logFile: string
  readonly say: (line: string) => void
}

/**
 * Sees to it that every image is there that our Dockerfile and the compose file name.
 * @returns what was made here, for who removes it again
 * @throws FractalError `base_missing`
 */
export async function provideBases(
  engine: Engine,
  names: readonly string[],
  options: BasesOptions,
): Promise<string[]> {
  const missing: string[] = []
  for (const name of names) if (!(await engine.hasImage(name))) missing.push(name)
  if (!options.local) {
    for (const name of missing) await pull(engine, name, options)
    return []
  }
  if (missing.length === 0) return []
  await importDebian(engine, options)
  for (const name of missing) await make(engine, name, options)
  return [...missing, DEBIAN]
}

/** The images that ours are built from: the Dockerfile's, without the one for GPUs. */
export async function nodeImage(): Promise<string> {
  const text = await readFile(path.join(CLONE, 'Dockerfile'), 'utf8')
  return /^ARG NODE=(\S+)$/m.exec(text)![1]!
}

async function pull(engine: Engine, name: string, { logFile }: BasesOptions): Promise<void> {
  await engine.loud(['pull', name], { logFile }).catch((cause) => {
    throw new FractalError('base_missing', `the image ${name} can't be pulled`, {
      hint: 'Without a registry: --bases local makes stand-ins of Debian’s packages (as root).',
      cause,
    })
  })
}

/** Debian as `debootstrap` makes it, by the mirror that apt uses. */
async function importDebian(engine: Engine, { folder, say }: BasesOptions): Promise<void> {
  if (await engine.hasImage(DEBIAN)) return
  const root = path.join(folder, 'debian')
  const tar = `${root}.tar`
  // BusyBox's own nc knows no -z in Debian.
  const include = '--include=busybox,ca-certificates,netcat-openbsd'
  try {
    await run('debootstrap', ['--variant=minbase', include, SUITE, root], { maxBuffer: 2 ** 26 })
    await run('tar', ['-C', root, '--exclude=./var/cache/apt/archives/*.deb', '-cf', tar, '.'])
    await engine.ask(['import', tar, DEBIAN])
    say(`made ${DEBIAN} with debootstrap`)
  } catch (cause) {
    throw new FractalError('base_missing', 'Debian’s root could not be made with debootstrap', {
      hint: 'As root: apt-get install debootstrap.',
      cause,
    })
  } finally {
    await rm(root, { recursive: true, force: true })
    await rm(tar, { force: true })
  }
}

async function make(
  engine: Engine,
  name: string,
  { logFile, folder, say }: BasesOptions,
): Promise<void> {
  const [image, tag] = [name.slice(0, name.lastIndexOf(':')), name.slice(name.lastIndexOf(':') + 1)]
  const recipe = STAND_INS[image]
  if (recipe === undefined) {
    throw new FractalError('base_missing', `there is no recipe for a stand-in of ${name}`)
  }
  const context = path.join(folder, 'base')
  try {
    await cp(path.join(RECIPES, recipe), context, { recursive: true })
    await gather(recipe, tag, context, path.join(folder, 'go.log'))
    const args = ['build', '--network', 'host', '--build-arg', `DEBIAN=${DEBIAN}`]
    await engine.loud([...args, '--tag', name, context], { logFile })
  } finally {
    await rm(context, { recursive: true, force: true })
  }
  say(`made a stand-in for ${name}`)
}

/** What a recipe copies: programs of the version that the image's tag says, wherever they can be had. */
async function gather(recipe: string, tag: string, into: string, logFile: string): Promise<void> {
  switch (recipe) {
    case 'node': {
      await nodeProgram(tag.split('-', 1)[0]!, into)
      // Whoever this machine trusts: a registry may be behind an authority of its own.
      await cp(AUTHORITIES, path.join(into, 'authorities.pem'))
      const { stdout: globals } = await run('npm', ['root', '--global'])
      return cp(path.join(globals.trim(), 'npm'), path.join(into, 'npm'), { recursive: true })
    }
    case 'postgres': {
      const { native } = await preparePostgresHome(into)
      return cp(native, path.join(into, 'native'), { recursive: true, verbatimSymlinks: true })
    }
    case 'temporal-server': {
      const { server } = await temporalPrograms(logFile)
      return cp(server, path.join(into, 'temporal-server'))
    }
    case 'temporal-admin-tools': {
      const { sqlTool, schema } = await temporalPrograms(logFile)
      const { cli, tried } = await findTemporalCli()
      if (cli === null) throw new FractalError('base_missing', `no temporal: ${tried.join('; ')}`)
      await cp(sqlTool, path.join(into, 'temporal-sql-tool'))
      await cp(cli.path, path.join(into, 'temporal'))
      return cp(schema, path.join(into, 'schema'), { recursive: true })
    }
    case 'temporal-ui':
      return cp(await goProgram(TEMPORAL_UI), path.join(into, 'ui-server'))
    case 'caddy':
      return cp(await goProgram(CADDY), path.join(into, 'caddy'))
  }
}

/** Node of just that version, from npm's packages that hold a program each. */
async function nodeProgram(version: string, into: string): Promise<void> {
  const name = `node-${process.platform}-${process.arch}@${version}`
  const packed = await run('npm', ['pack', '--silent', '--pack-destination', into, name], {
    cwd: into,
  })
  const tar = path.join(into, packed.stdout.trim())
  await run('tar', ['-xzf', tar, '-C', into, '--strip-components=2', 'package/bin/node'])
  await rm(tar)
}
