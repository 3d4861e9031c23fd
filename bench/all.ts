/**
 * Every bench that this machine can run, one after the other; a table, and the same as JSON. One that can't
 * run is left out with its reason; one that fails makes the exit status 1.
 * Run: npm run bench -- all [--short] [--only wire,ledger] [--json .fractal/figures.json]
 */
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { messageOf } from '../base/errors.js'
import { BENCHES, type BenchName, isBenchName } from './support/benches.js'
import { saidSchema } from './support/figures.js'
import { missing } from './support/needs.js'
import { commitOf, type Results, resultsText, thisMachine } from './support/results.js'

const CLONE = fileURLToPath(new URL('..', import.meta.url))
const RUN = fileURLToPath(new URL('./run.ts', import.meta.url))
/** One that hangs must not keep those after it. */
const MOST_MS = 30 * 60_000

const { only, json, short } = options()
const results: Results = {
  date: new Date().toISOString(),
  commit: commitOf(CLONE),
  machine: thisMachine(),
  ...{ short, figures: [], skipped: [], failed: [] },
}
await mkdir(dirname(json), { recursive: true })
for (const name of only) {
  const reason = await missing(BENCHES[name].needs)
  if (reason === null) await runBench(name)
  else results.skipped.push({ bench: name, name: null, reason })
  save()
}
console.log(`${resultsText(results)}\nas JSON: ${relative(process.cwd(), json)}`)
if (results.failed.length > 0) process.exitCode = 1

function options(): { only: BenchName[]; json: string; short: boolean } {
  try {
    const { values } = parseArgs({
      options: {
        only: { type: 'string', default: Object.keys(BENCHES).join(',') },
        json: { type: 'string', default: join(CLONE, '.fractal/figures.json') },
        short: { type: 'boolean', default: false },
      },
    })
    const only = values.only.split(',').map((name) => {
      if (!isBenchName(name)) throw new Error(`--only: there is no bench ${name}`)
      return name
    })
    return { only, json: values.json, short: values.short }
  } catch (error) {
    console.error(`${messageOf(error)}\n  It takes --short, --only NAME,NAME and --json FILE.`)
    process.exit(2)
  }
}

/** After each figure: a run that is interrupted keeps what it has. */
function save(): void {
  writeFileSync(json, `${JSON.stringify(results, null, 2)}\n`)
}

/** In a process of its own; what it prints goes to standard error, which leaves the table alone. */
async function runBench(name: BenchName): Promise<void> {
  const load = loadavg()[0]!
  console.error(`\n${name}: ${BENCHES[name].measures}`)
  const child = fork(RUN, [name, ...(short ? ['--short'] : [])], {
    execArgv: ['--import=tsx'],
    stdio: ['ignore', 2, 2, 'ipc'],
    timeout: MOST_MS,
  })
  child.on('message', (message) => {
    const said = saidSchema.parse(message)
    if ('skipped' in said) {
      results.skipped.push({ bench: name, name: said.name, reason: said.skipped })
    } else results.figures.push({ bench: name, ...said, load })
    save()
  })
  const reason = await new Promise<string | null>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => {
      resolve(code === 0 ? null : `it ended with ${signal ?? `status ${code}`}`)
    })
  })
  if (reason !== null) results.failed.push({ bench: name, reason })
}
