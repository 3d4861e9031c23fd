import { parseArgs } from 'node:util'
import { FractalError, messageOf } from '../../../base/errors.js'
import { VILLAINS } from '../../villains/villains.js'

export interface RealOptions {
  readonly provers: number
  /** Names of villains among them; the others are honest. */
  readonly villains: readonly string[]
  readonly intervals: number
  /** Judged answers after which it ends, all provers being honest; null: after so many intervals. */
  readonly honest: number | null
  /** Seconds. */
  readonly interval: number
  /** Users' requests a minute. */
  readonly users: number
  /** Whether the last interval but one is audited in the end, as anybody would. */
  readonly audit: boolean
  readonly device: 'cpu' | 'cuda'
  /** Of `--gpu.class`; null: its default. */
  readonly gpuClass: string | null
  /** A model folder; null: a small random one, with `honest` the smallest. */
  readonly model: string | null
}

export const REAL_USAGE = `npm run sim -- --real [options]: the same for real: processes, wire, Temporal, ledger, a local chain and a small random
model on this machine, all provers in one process. It prints a line for each interval, and ends with 1 and a sentence as soon as an
honest prover is accused, a villain is not caught within one interval of its first checked cheat, or weights are not on the chain once.
  --provers N        (20; with --honest 30)
  --villains LIST    of them, by name, separated by commas (${Object.keys(VILLAINS).join(',')})
  --intervals N      (3)
  --honest N         no villains, and a model of a dozen nodes; until so many answers were judged, none of them a cheat
  --interval N       seconds of an interval (90; with --honest 60)
  --users N          users' requests a minute (20; with --honest 120)
  --audit            in the end, all but the last are audited by fractal audit and by tools/audit.py
  --device cuda      on a GPU, which the provers and the GPU worker share; with --gpu-class, a word of its name (H200)
  --model.dir DIR    another model`

const DEFAULTS = { provers: '20', interval: '90', users: '20' }
/** As much as two cores can carry: all that is asked for is judged answers. */
const DEFAULTS_HONEST = { provers: '30', interval: '60', users: '120' }

const MOST = { provers: 64, intervals: 10_000, honest: 1_000_000, interval: 3600, users: 6000 }

/**
 * @param args without --real
 * @returns null for --help
 * @throws FractalError `bad_option`
 */
export function parseRealOptions(args: string[]): RealOptions | null {
  const values = parsed(args)
  if (values.help) return null
  const honest = values.honest === undefined ? null : one('honest', values.honest, MOST.honest)
  const defaults = honest === null ? DEFAULTS : DEFAULTS_HONEST
  const names = (values.villains ?? Object.keys(VILLAINS).join()).split(',').filter(Boolean)
  const villains = honest === null ? names : []
  const unknown = villains.find((name) => !Object.hasOwn(VILLAINS, name))
  if (unknown !== undefined) throw refused(`--villains: there is no villain "${unknown}"`)
  if (new Set(villains).size < villains.length) throw refused('--villains: one is named twice')
  const provers = one('provers', values.provers ?? defaults.provers, MOST.provers)
  if (villains.length >= provers) {
    throw refused(`--provers: of ${provers} none is honest, with ${villains.length} villains`)
  }
  return {
    provers,
    villains,
    intervals: one('intervals', values.intervals, MOST.intervals),
    honest,
    interval: one('interval', values.interval ?? defaults.interval, MOST.interval),
    users: one('users', values.users ?? defaults.users, MOST.users),
    audit: values.audit,
    device: deviceOf(values.device),
    gpuClass: values['gpu-class'] ?? null,
    model: values['model.dir'] ?? null,
  }
}

function deviceOf(text: string): RealOptions['device'] {
  if (text === 'cpu' || text === 'cuda') return text
  throw refused(`--device: ${text} is neither cpu nor cuda`)
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        provers: { type: 'string' },
        villains: { type: 'string' },
        intervals: { type: 'string', default: '3' },
        honest: { type: 'string' },
        interval: { type: 'string' },
        users: { type: 'string' },
        audit: { type: 'boolean', default: false },
        device: { type: 'string', default: 'cpu' },
        'gpu-class': { type: 'string' },
        'model.dir': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw refused(messageOf(error))
  }
}

function one(name: string, text: string, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < 1 || value > most) {
    throw refused(`--${name}: ${text} is no whole number from 1 to ${most}`)
  }
  return value
}

function refused(message: string): FractalError {
  return new FractalError('bad_option', message, { hint: 'See --real --help.' })
}
