import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { FractalError, messageOf } from '../../base/errors.js'

export interface SimOptions {
  readonly provers: number
  readonly intervals: number
  /** In percent. */
  readonly loads: readonly number[]
  readonly verifiers: readonly number[]
  readonly seeds: readonly number[]
  readonly verifierGpus: number
  /** Empty: all. */
  readonly behaviours: readonly string[]
  /** Simulations at the same time. */
  readonly threads: number
  readonly json: string | null
}

export const USAGE = `npm run sim -- [options]: some fifty behaviours of provers under the rules of rules/, and what each earns.
  --provers N        hotkeys (256)
  --intervals N      (60)
  --loads LIST       users' requests, in percent of what all GPUs could serve (5,50,90,120)
  --verifiers LIST   how many, each a simulation of its own (1,3)
  --seeds LIST       each a simulation of its own; the table shows means (1,2)
  --verifier.gpus N  GPUs of each verifier (1)
  --behaviours LIST  only these, by their names in the table, separated by semicolons
  --threads N        simulations at the same time (as many as there are processors)
  --json FILE        everything, for programs
  --help
It ends with 1 when a behaviour earns more than it may, an honest prover is accused, or honest provers differ too much.`

const MOST = {
  provers: 4096,
  intervals: 10_000,
  load: 1000,
  verifiers: 64,
  seed: 2 ** 31,
  gpus: 1024,
  threads: 256,
}

/**
 * @returns null for --help
 * @throws FractalError `bad_option`
 */
export function parseSimOptions(args: string[]): SimOptions | null {
  const { values } = parsed(args)
  if (values.help) return null
  return {
    provers: one('provers', values.provers, MOST.provers),
    intervals: one('intervals', values.intervals, MOST.intervals),
    loads: list('loads', values.loads, MOST.load),
    verifiers: list('verifiers', values.verifiers, MOST.verifiers),
    seeds: list('seeds', values.seeds, MOST.seed),
    verifierGpus: one('verifier.gpus', values['verifier.gpus'], MOST.gpus),
    behaviours: values.behaviours === undefined ? [] : names(values.behaviours),
    threads: one('threads', values.threads ?? String(availableParallelism()), MOST.threads),
    json: values.json ?? null,
  }
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        provers: { type: 'string', default: '256' },
        intervals: { type: 'string', default: '60' },
        loads: { type: 'string', default: '5,50,90,120' },
        verifiers: { type: 'string', default: '1,3' },
        seeds: { type: 'string', default: '1,2' },
        'verifier.gpus': { type: 'string', default: '1' },
        behaviours: { type: 'string' },
        threads: { type: 'string' },
        json: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    })
  } catch (error) {
    throw new FractalError('bad_option', messageOf(error), { hint: 'See --help.' })
  }
}

function one(name: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw new FractalError('bad_option', `--${name}: ${text} is no whole number from 1 to ${most}`)
  }
  return value
}

function list(name: string, text: string, most: number): number[] {
  const values = text.split(',').map((part) => one(name, part.trim(), most))
  if (new Set(values).size < values.length) {
    throw new FractalError('bad_option', `--${name}: ${text} names one twice`)
  }
  return values
}

function names(text: string): string[] {
  return text.split(';').map((part) => part.trim())
}
