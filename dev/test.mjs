// `npm test`: the tests of each folder of test/ as a run of Mocha of its own (the short ones together), two more at a
// time than there are processors, because most of them wait. The grids of test/e2e go first, and before all others where the processors are short: their
// provers have deadlines. With files named on the command line (or anything that is no option of Mocha's),
// one ordinary run of Mocha.
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MOCHA = join(ROOT, 'node_modules/mocha/bin/mocha.js')
const GRIDS = 'e2e'
/** The longest first, so that all lanes end at about the same time: what mostly waits (`workers`) must not be left alone. */
const LONG = ['activities', 'workers', 'cli', 'short', 'engine', 'api', 'dev', 'chain']
/** Of seconds each, much of that to load what they share: one process, `short`, runs them all. */
const SHORT = [
  'base',
  'bench',
  'formats',
  'ledger',
  'prover',
  'rules',
  'temporal',
  'tools',
  'web',
  'wire',
  'workflows',
]
/** They start the compiled command; the others begin while it is still being compiled. */
const NEED_COMMAND = [GRIDS, 'cli', 'dev', 'short']
/** More than this many would fight for the ports and the memory of a small machine. */
const MAX_LANES = 4
/** No tests of `npm test`. */
const OTHER = ['fixtures', 'soak', 'support']
/** How much later the other tests get a processor than the grids. */
const NICER = 5
/** With FRACTAL_TEST_AGAIN (CI), as many failed tests at most are run once more: more than these are no accident. */
const AGAIN_MAX = 3
/** Who looks for time to save begins with these. */
const LONGEST = 12
const REPORTER = ['--reporter', './dev/checks/counting-reporter.mjs']

const given = process.argv.slice(2)
const common = ['--no-config', '--timeout', '240000', '--forbid-only']
const outputs = await mkdtemp(join(os.tmpdir(), 'fractal-tests-'))
const running = new Set()

/**
 * Runs Mocha. Only one run at a time may write to the terminal.
 * @returns its exit code, how long it took, its counts (null unless it ran to its end), what had failed until then, and
 *   the file of its output
 */
async function run(name, args, { aside = false, nice = 0 } = {}) {
  const counts = join(outputs, `${name}.json`)
  const output = join(outputs, `${name}.log`)
  const file = aside ? await open(output, 'w') : null
  const child = spawn(process.execPath, ['--import=tsx', MOCHA, ...common, ...args, ...given], {
    cwd: ROOT,
    stdio: file === null ? 'inherit' : ['ignore', file.fd, file.fd],
    // What one process compiled, the hundreds that follow need not compile again.
    env: {
      NODE_COMPILE_CACHE: join(outputs, 'compiled'),
      ...process.env,
      FRACTAL_TEST_COUNTS: counts,
    },
  })
  running.add(child)
  const began = performance.now()
  if (nice > 0) os.setPriority(child.pid, nice)
  const code = await new Promise((resolve) => child.on('exit', (c) => resolve(c ?? 1)))
  running.delete(child)
  await file?.close()
  const said = JSON.parse(await readFile(counts, 'utf8').catch(() => 'null'))
  const seconds = Math.round((performance.now() - began) / 1000)
  const failed = said?.failed ?? []
  return { name, code, seconds, counts: said?.ended ? said : null, failed, output }
}

let stopped = false
function stop(signal) {
  stopped = true
  for (const child of running) child.kill(signal)
}
// A signal from the terminal reaches the runs as well; one from elsewhere is handed on.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stop(signal))

/** What runs in a process each: the folders of test/ that hold tests, the longest first. */
async function groups() {
  const entries = await readdir(join(ROOT, 'test'), { withFileTypes: true })
  const names = entries.filter((each) => each.isDirectory()).map((each) => each.name)
  const known = [GRIDS, ...LONG, ...SHORT, ...OTHER]
  const all = [...LONG, ...names.filter((name) => !known.includes(name))]
  return all.map((name) => ({ name, folders: name === 'short' ? SHORT : [name] }))
}

/** How long each folder and the longest files took, and what failed: said again at the end, where one looks. */
function summarize(all) {
  console.log(`\n${all.map(({ name, seconds }) => `${name} ${seconds} s`).join(', ')}`)
  const files = all.flatMap(({ counts }) => Object.entries(counts?.seconds ?? {}))
  const longest = files.sort((a, b) => b[1] - a[1]).slice(0, LONGEST)
  console.log('\nthe longest files:')
  for (const [file, seconds] of longest)
    console.log(`  ${Math.round(seconds)} s ${relative(ROOT, file)}`)
  for (const { name, code, counts, failed } of all) {
    if (counts === null) console.log(`\nfailed: ${name} ended (exit ${code}) without a report`)
    for (const { title, why } of failed) {
      console.log(`\nfailed: ${name}: ${title}\n${why}`)
    }
  }
}

/**
 * Compiles the command once (`npm run build`), because the tests start it hundreds of times.
 * @param folder inside the clone, from where Node finds the packages
 */
async function compile(folder) {
  const args = [join(ROOT, 'dev/build.mjs'), '--out', join(folder, 'dist')]
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: 'inherit' })
  running.add(child)
  const code = await new Promise((resolve) => child.on('exit', (c) => resolve(c ?? 1)))
  running.delete(child)
  if (code !== 0 && !stopped) throw new Error(`npm run build fails (exit ${code})`)
  process.env.FRACTAL_TEST_BIN = join(folder, 'dist/cli/fractal.mjs')
}

/**
 * Runs the files of the few tests that failed once more, alone, and names those that pass now: they have a
 * fault of their own, which is to be mended, but what was changed is not it.
 * @returns whether all of them pass
 */
async function passAgain(all) {
  const failed = all.flatMap((one) => one.failed)
  const files = [...new Set(failed.map(({ file }) => file))]
  if (!process.env.FRACTAL_TEST_AGAIN || failed.length > AGAIN_MAX) return false
  if (files.includes(undefined) || all.some(({ counts }) => counts === null)) return false
  console.log('\nonce more, alone:')
  const { code, counts } = await run('again', [...REPORTER, ...files])
  if (code !== 0 || !(counts?.passes > 0)) return false
  for (const { title } of failed) console.log(`flaky: passed only when it was run again: ${title}`)
  return true
}

/**
 * @param command settles when the command is compiled
 * @returns the exit code
 */
async function everything(command) {
  const queue = await groups()
  const all = []
  const unread = []

  async function group({ name, folders }, aside) {
    if (NEED_COMMAND.includes(name)) await command
    if (stopped) return
    const nice = name === GRIDS ? 0 : NICER
    const files = folders.map((folder) => `test/${folder}/**/*.test.ts`)
    const ended = await run(name, [...REPORTER, ...files], { aside, nice })
    all.push(ended)
    if (aside) unread.push(ended)
  }
  async function lane(aside) {
    while (queue.length > 0 && !stopped) {
      if (!aside) await printAside()
      await group(queue.shift(), aside)
    }
  }
  async function printAside() {
    for (const { name, output } of unread.splice(0)) {
      process.stdout.write(`\n  … ${name}, which ran beside these:\n`)
      process.stdout.write(await readFile(output, 'utf8'))
    }
  }

  const lanes = Math.min(MAX_LANES, os.availableParallelism() + 2)
  const aside = Array.from({ length: lanes - 2 }, () => lane(true))
  await Promise.all([
    group({ name: GRIDS, folders: [GRIDS] }, true).then(() => lane(true)),
    lane(false),
    ...aside,
  ])
  await printAside()
  summarize(all)
  const sum = (of) => all.reduce((total, { counts }) => total + (counts?.[of] ?? 0), 0)
  const bad = all.find(({ code, counts }) => code !== 0 || counts === null)
  const isFlaky = bad !== undefined && !stopped && (await passAgain(all))
  const failures = isFlaky ? 0 : sum('failures')
  const skipped = sum('pending') === 0 ? '' : `, ${sum('pending')} skipped`
  // One closing line that a machine can read.
  console.log(`${sum('passes') + sum('failures') - failures} passed, ${failures} failed${skipped}`)
  if (stopped) return 1
  return bad === undefined || isFlaky ? 0 : bad.code || 1
}

let folder = null
try {
  if (given.some((arg) => /^(\.\/)?test\//.test(arg)))
    process.exitCode = (await run('named', [])).code
  else {
    await mkdir(join(ROOT, '.fractal'), { recursive: true })
    folder = await mkdtemp(join(ROOT, '.fractal', 'test-'))
    process.exitCode = await everything(compile(folder))
  }
} catch (error) {
  stop('SIGTERM')
  throw error
} finally {
  if (folder !== null) await rm(folder, { recursive: true, force: true })
  await rm(outputs, { recursive: true, force: true })
}
