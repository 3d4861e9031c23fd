// `npm run build`: all that a production installation runs, as JavaScript in dist/. With node_modules
// (`npm ci --omit=dev`) it is complete: an image needs nothing else of ours. `--out FOLDER` for another place.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { ensureWeb } from './setup/build-web.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')

/** What is read, run or loaded by its path. TypeScript that nobody imports is named in tsconfig.build.json. */
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

async function compile(out) {
  // `npm run check` looks at the types.
  const args = [TSC, '--project', join(ROOT, 'tsconfig.build.json'), '--outDir', out, '--noCheck']
  await promisify(execFile)(process.execPath, args).catch(({ stdout, message }) => {
    throw new Error(stdout || message)
  })
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
