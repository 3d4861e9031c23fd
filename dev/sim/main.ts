import { writeFile } from 'node:fs/promises'
import { describeError, FractalError } from '../../base/errors.js'
import { PRODUCTION_PROFILE } from '../../rules/profile.js'
import { printLine } from '../process/print-line.js'
import { parseSimOptions, type SimOptions, USAGE } from './options.js'
import { chosenBehaviours } from './population.js'
import { parseRealOptions, REAL_USAGE } from './real/options.js'
import { runReal } from './real/run-real.js'
import { brokenPromises, percent, tableOf } from './report.js'
import { type SimulationResult, simulate } from './simulation.js'
import { simulatedProfile } from './world.js'

/** What can't be understood, as a shell has it. */
const EXIT_USAGE = 2

function runAll(options: SimOptions): SimulationResult[] {
  const profile = simulatedProfile(PRODUCTION_PROFILE.intervalBlocks)
  const results: SimulationResult[] = []
  for (const verifiers of options.verifiers) {
    const behaviours = chosenBehaviours(options.behaviours, verifiers)
    for (const load of options.loads) {
      for (const seed of options.seeds) {
        const began = performance.now()
        const { provers, intervals, verifierGpus } = options
        const setup = { provers, intervals, verifierGpus, behaviours, profile }
        const result = simulate({ ...setup, load: load / 100, verifiers, seed })
        results.push(result)
        const seconds = Math.round((performance.now() - began) / 1000)
        printLine(
          `${percent(result.load)} load, ${verifiers} verifier(s), seed ${seed}: ${result.users} users’ requests, ` +
            `${result.failedUsers} nobody took, ${result.checksJudged} checks, honest provers served least ` +
            `${result.leastOfMost.map((ratio) => ratio.toFixed(2)).join(', ')} of most; ${seconds} s`,
        )
      }
    }
  }
  return results
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
    const results = runAll(options)
    for (const verifiers of options.verifiers) {
      printLine(`\nWeight per GPU, honest = 1; ${verifiers} verifier(s)\n`)
      for (const line of tableOf(results, verifiers)) printLine(line)
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
