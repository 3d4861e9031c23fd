// `npm run build`: all that a production installation runs, as JavaScript in dist/. With node_modules
// (`npm ci --omit=dev`) it is complete: an image needs nothing else of ours. `--out FOLDER` for another place.
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { build as esbuild } from 'esbuild'
import { ensureWeb } from './setup/build-web.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The command, and what it starts or loads by its path. */
const ENTRIES = [
  'cli/main.ts',
  'engine/class/certify-process.ts',
  'engine/process/engine-process.ts',
  'engine/thread/engine-thread.ts',
  'workflows/index.ts',
]
/** What is read, run or loaded by its path, and no TypeScript. */
const COPIED = [
  'package.json',
  'cli/fractal.mjs',
  'dev/setup/lock.mjs',
  'dev/temporal/cli.mjs',
  'engine/models/trained/model',
  'engine/video/mp4-thread.mjs',
  'migrations',
  'tools/export-model',
  'web/dist',
  'workflows/failure-converter.cjs',
]

function say(line) {
  process.stderr.write(`${line}\n`)
}

/** Whatever the entries import, each file by itself. `npm run check` looks at the types. */
async function compile(out) {
  const options = {
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    outbase: ROOT,
    outdir: out,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    logLevel: 'silent',
  }
  const { metafile } = await esbuild({ ...options, bundle: true, metafile: true, write: false })
  const files = Object.keys(metafile.inputs).filter((file) => file.endsWith('.ts'))
  await esbuild({ ...options, entryPoints: files, packages: undefined })
}

/** So that no verifier and no inference worker has to bundle its workflows when it starts. */
async function bundle(out) {
  const load = (file) => import(pathToFileURL(join(out, file)))
  const { builtBundleFile, bundleWorkflows } = await load('temporal/workflow-bundle.js')
  const { FAILURE_CONVERTER } = await load('temporal/address.js')
  for (const converter of [{}, { failureConverterPath: FAILURE_CONVERTER }]) {
    const { code } = await bundleWorkflows(converter, say)
    writeFileSync(builtBundleFile(converter), code)
  }
}

async function build(out) {
  const began = Date.now()
  await ensureWeb(say)
  // Beside, then swapped: what starts meanwhile finds the whole of one of the two.
  const next = `${out}.next`
  rmSync(next, { recursive: true, force: true })
  mkdirSync(next, { recursive: true })
  await compile(next)
  for (const path of COPIED) cpSync(join(ROOT, path), join(next, path), { recursive: true })
  await bundle(next)
  rmSync(out, { recursive: true, force: true })
  renameSync(next, out)
  say(`Compiled into ${out} in ${((Date.now() - began) / 1000).toFixed(1)} s`)
}

const { values } = parseArgs({ options: { out: { type: 'string', default: join(ROOT, 'dist') } } })
try {
  await build(resolve(values.out))
} catch (error) {
  say(error.message)
  process.exit(1)
}
