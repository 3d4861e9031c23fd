import type { CommandModule } from 'yargs'
import type { DoctorRole } from '../doctor/role-facts.js'
import { withOptions } from '../options.js'
import { integer } from '../parse-number.js'
import { UsageError } from '../usage-error.js'

const DEFAULT_RUNS = 10
const MAX_RUNS = 10_000

export const doctorCommand: CommandModule = {
  command: 'doctor',
  describe: 'show what this machine has, and what a role is missing (--role)',
  builder: async (argv) => {
    const { DOCTOR_OPTIONS } = await import('../doctor/role-facts.js')
    return withOptions(argv, DOCTOR_OPTIONS)
      .option('role', {
        type: 'string',
        requiresArg: true,
        describe:
          'prover or verifier: check its requirements, with the options that you start it with',
      })
      .option('api', {
        type: 'string',
        requiresArg: true,
        describe:
          'with --role prover: a verifier’s API, whose classes this machine’s is compared with',
      })
      .option('certify', {
        type: 'boolean',
        default: false,
        describe: 'generate one video many times in two processes and compare the bytes',
      })
      .option('runs', {
        type: 'string',
        requiresArg: true,
        defaultDescription: String(DEFAULT_RUNS),
        describe: 'with --certify: number of videos to compare (production uses 100)',
      })
      .option('json', { type: 'boolean', describe: 'print JSON' })
      .example('$0 doctor --role prover --wallet.name prover --axon.external_ip YOUR-IP', '')
  },
  handler: async (given) => {
    const json = given.json === true
    const runs = integer('runs', given.runs, 2, MAX_RUNS)
    const role = oneRole(given.role)
    const api = apiOf(given.api, role)
    if (given.certify === true) {
      if (role !== undefined) throw new UsageError('--certify and --role cannot be combined.')
      const { certifyByHand } = await import('../doctor/certify.js')
      await certifyByHand(given, runs ?? DEFAULT_RUNS, json)
    } else {
      if (runs !== undefined) throw new UsageError('--runs is for --certify.')
      if (role !== undefined) {
        const { checkRole } = await import('../doctor/check-role.js')
        return checkRole(role, given, json, api)
      }
      const { showMachine } = await import('../doctor/machine.js')
      await showMachine(given, json)
    }
  },
}

/** @throws UsageError */
function apiOf(given: unknown, role: DoctorRole | undefined): string | undefined {
  if (given === undefined) return undefined
  if (role !== 'prover') throw new UsageError('--api is for --role prover.')
  const isHttp = typeof given === 'string' && URL.canParse(given) && /^https?:/.test(given)
  if (!isHttp) throw new UsageError('--api takes one address: https://HOST[:PORT].')
  return given
}

/** @throws UsageError */
function oneRole(given: unknown): DoctorRole | undefined {
  switch (given) {
    case undefined:
    case 'prover':
    case 'verifier':
      return given
    default:
      throw new UsageError('--role takes prover or verifier, once.')
  }
}
