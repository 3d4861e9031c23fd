// `npm test`: all tests in two lanes side by side, because the grids of test/e2e mostly wait. They go
// first where the processors are short: their provers have deadlines. With files named on the command
// line (or anything that is no option of Mocha's), one ordinary run of Mocha.
import { spawn } from 'node:child_process'
import { mkdtemp, open, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js')
/** How much later the other tests get a processor than the grids. */
const NICER = 5

const given = process.argv.slice(2)
const common = ['--no-config', '--timeout', '120000', '--forbid-only']
const folder = await mkdtemp(join(os.tmpdir(), 'fractal-tests-'))
const running = []

/**
 * Runs Mocha. Only one lane may write to the terminal while it runs.
 * @returns its exit code, its counts (null when it ended without any), and the file of its output
 */
async function lane(name, args, { aside = false, nice = 0 } = {}) {
  const counts = join(folder, `${name}.json`)
  const output = join(folder, `${name}.log`)
  const file = aside ? await open(output, 'w') : null
  const child = spawn(process.execPath, ['--import=tsx', MOCHA, ...common, ...args, ...given], {
    cwd: ROOT,
    stdio: file === null ? 'inherit' : ['ignore', file.fd, file.fd],
    env: { ...process.env, FRACTAL_TEST_COUNTS: counts },
  })
  running.push(child)
  if (nice > 0) os.setPriority(child.pid, nice)
  const code = await new Promise((resolve) => child.on('exit', (c) => resolve(c ?? 1)))
  await file?.close()
  const text = await readFile(counts, 'utf8').catch(() => 'null')
  return { code, counts: JSON.parse(text), output }
}

// A signal from the terminal reaches the lanes as well; one from elsewhere is handed on.
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.on(signal, () => {
    for (const child of running) child.kill(signal)
  })
}

/** @returns the exit code */
async function everything() {
  const reporter = ['--reporter', './dev/checks/counting-reporter.mjs']
  const grids = lane('grids', [...reporter, 'test/e2e/**/*.test.ts'], { aside: true })
  const ignored = ['--ignore', 'test/e2e/**', '--ignore', 'test/soak/**']
  const rest = await lane('rest', [...reporter, ...ignored, 'test/**/*.test.ts'], { nice: NICER })
  process.stdout.write('\n  … and the tests of test/e2e, which ran beside these:\n')
  const ended = await grids
  process.stdout.write(await readFile(ended.output, 'utf8'))
  const all = [rest, ended]
  const sum = (of) => all.reduce((total, { counts }) => total + (counts?.[of] ?? 0), 0)
  const skipped = sum('pending') === 0 ? '' : `, ${sum('pending')} skipped`
  // One closing line that a machine can read.
  console.log(`${sum('passes')} passed, ${sum('failures')} failed${skipped}`)
  const bad = all.find(({ code, counts }) => code !== 0 || counts === null)
  return bad === undefined ? 0 : bad.code || 1
}

try {
  const named = given.some((arg) => /^(\.\/)?test\//.test(arg))
  process.exitCode = named ? (await lane('named', [])).code : await everything()
} finally {
  await rm(folder, { recursive: true, force: true })
}
