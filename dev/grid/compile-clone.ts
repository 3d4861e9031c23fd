import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { withSetupLock } from '../setup/lock.mjs'

const CLONE = fileURLToPath(new URL('../..', import.meta.url))
const COMPILED = path.join(CLONE, '.fractal', 'compiled')
/** Says what it was made of; written last, so that half of it is none. */
const STAMP = path.join(COMPILED, '.made-of')

/** What the processes of a grid run. */
const ROOMS = [
  ...['activities', 'api', 'base', 'chain', 'cli', 'dev', 'engine', 'formats', 'ledger', 'prover'],
  ...['rules', 'temporal', 'wire', 'workers', 'workflows'],
]
/** What is read by its path. */
const LINKED = ['engine/models/trained', 'migrations', 'package.json', 'web/dist']

/**
 * This clone as JavaScript, made anew when its code has changed: a process that tsx compiles while it loads takes
 * about twice the processor time until it is ready, and a grid starts a dozen of them at once.
 * @returns the folder that holds it, laid out as the clone is
 */
export async function compileClone(): Promise<string> {
  if (await isFresh()) return COMPILED
  await withSetupLock(
    path.join(CLONE, '.fractal', 'compiled.lock'),
    () => undefined,
    async () => {
      if (!(await isFresh())) await compile()
    },
  )
  return COMPILED
}

/** The workflows of a compiled clone as one script, once: else each process that runs them makes one when it starts. */
export async function bundleClone(compiled: string): Promise<void> {
  const { builtBundleFile, bundleWorkflows }: typeof import('../../temporal/workflow-bundle.js') =
    await import(pathToFileURL(path.join(compiled, 'temporal/workflow-bundle.js')).href)
  const file = builtBundleFile({})
  if (existsSync(file)) return
  const { code } = await bundleWorkflows({}, (line) => process.stderr.write(`${line}\n`))
  const whole = `${file}.${process.pid}`
  await writeFile(whole, code)
  await rename(whole, file)
}

async function isFresh(): Promise<boolean> {
  return existsSync(STAMP) && (await readFile(STAMP, 'utf8')) === (await madeOf(await sources()))
}

/** All code of the rooms, from the clone's folder. */
async function sources(): Promise<string[]> {
  const found = await Promise.all(
    ROOMS.map(async (room) =>
      (await readdir(path.join(CLONE, room), { recursive: true })).map((file) =>
        path.join(room, file),
      ),
    ),
  )
  return found
    .flat()
    .filter((file) => /(?<!\.d)\.(ts|mjs|cjs)$/.test(file))
    .sort()
}

async function madeOf(files: readonly string[]): Promise<string> {
  const sum = createHash('sha256')
  for (const file of [...files, 'package-lock.json']) {
    sum.update(`${file}\0`).update(await readFile(path.join(CLONE, file)))
  }
  return sum.digest('hex')
}

/** Beside, then swapped: what starts meanwhile finds the whole of one of the two. */
async function compile(): Promise<void> {
  const files = await sources()
  const stamp = await madeOf(files)
  const next = `${COMPILED}.next`
  await rm(next, { recursive: true, force: true })
  await build({
    absWorkingDir: CLONE,
    entryPoints: files.filter((file) => file.endsWith('.ts')),
    outbase: CLONE,
    outdir: next,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfig: path.join(CLONE, 'tsconfig.json'),
    logLevel: 'error',
  })
  for (const file of files.filter((name) => !name.endsWith('.ts'))) {
    await cp(path.join(CLONE, file), path.join(next, file))
  }
  for (const file of LINKED) {
    await mkdir(path.dirname(path.join(next, file)), { recursive: true })
    await symlink(path.join(CLONE, file), path.join(next, file))
  }
  await writeFile(path.join(next, path.basename(STAMP)), stamp)
  await rm(COMPILED, { recursive: true, force: true })
  await rename(next, COMPILED)
}
