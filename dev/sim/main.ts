import { writeFile } from 'node:fs/promises'
import { describeError, FractalError } from '../../base/errors.js'
import { printLine } from '../process/print-line.js'
import { jobsOf } from './jobs.js'
import { parseSimOptions, type SimOptions, USAGE } from './options.js'
import { chosenBehaviours, populate } from './population.js'
import { SeededRandom } from './random.js'
import { parseRealOptions, REAL_USAGE } from './real/options.js'
import { runReal } from './real/run-real.js'
import { brokenPromises, percent, servedOf, servedText, tableOf } from './report.js'
import { runJobs } from './run-jobs.js'
import type { SimulationResult } from './simulation.js'

/** What can't be understood, as a shell has it. */
const EXIT_USAGE = 2

async function runAll(options: SimOptions): Promise<SimulationResult[]> {
  // What can't be is said before a thread has begun.
  for (const verifiers of options.verifiers) {
    const behaviours = chosenBehaviours(options.behaviours, verifiers)
    populate(options.provers, behaviours, new SeededRandom(0))
  }
  const finished = await runJobs(jobsOf(options), options.threads, ({ result, seconds }) =>
    printLine(
      `${percent(result.load)} load, ${result.verifiers} verifier(s), seed ${result.seed}: ${result.users} users’ requests, ` +
        `${result.failedUsers} nobody took, ${result.checksJudged} checks, honest provers served least ` +
        `${servedRatios(result)} of most; ${Math.round(seconds)} s`,
    ),
  )
  return finished.map(({ result }) => result)
}

function servedRatios({ leastOfMost, leastOfMostByVerifier: each }: SimulationResult): string {
  const whole = leastOfMost.toFixed(2)
  return each.length === 1 ? whole : `${whole} (${each.map((one) => one.toFixed(2)).join(', ')})`
}

async function real(args: string[]): Promise<void> {
  const options = parseRealOptions(args)
  if (options === null) printLine(REAL_USAGE)
  else await runReal(options)
}

try {
  const args = process.argv.slice(2)
  const others = args.filter((arg) => arg !== '--real')
  const isReal = others.length < args.length
  const options = isReal ? null : parseSimOptions(args)
  if (isReal) await real(others)
  else if (options === null) printLine(`${USAGE}\n\n${REAL_USAGE}`)
  else {
    const results = await runAll(options)
    for (const verifiers of options.verifiers) {
      printLine(`\nWeight per GPU, honest = 1; ${verifiers} verifier(s)\n`)
      for (const line of tableOf(results, verifiers)) printLine(line)
      printLine()
      for (const served of servedOf(results).filter((each) => each.verifiers === verifiers)) {
        printLine(`${percent(served.load)} load: ${servedText(served)}`)
      }
    }
    const broken = brokenPromises(results)
    if (options.json !== null) {
      await writeFile(options.json, `${JSON.stringify({ options, broken, results })}\n`)
    }
    printLine(broken.length === 0 ? '\nall promises hold' : `\n${broken.join('\n')}`)
    if (broken.length > 0) process.exitCode = 1
  }
} catch (error) {
  process.stderr.write(`sim: ${describeError(error)}\n`)
  process.exitCode = error instanceof FractalError && error.code === 'bad_option' ? EXIT_USAGE : 1
}
