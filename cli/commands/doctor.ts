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
          'prover, verifier, inference-worker, gpu-worker or api: check its requirements, with the options that you start it with; several, comma-separated, or all: one table',
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
    const roles = await rolesOf(given.role)
    const api = apiOf(given.api, roles)
    if (given.certify === true) {
      if (roles.length > 0) throw new UsageError('--certify and --role cannot be combined.')
      const { certifyByHand } = await import('../doctor/certify.js')
      await certifyByHand(given, runs ?? DEFAULT_RUNS, json)
    } else {
      if (runs !== undefined) throw new UsageError('--runs is for --certify.')
      const [role, ...others] = roles
      if (role !== undefined) {
        const { checkRole, checkRoles } = await import('../doctor/check-role.js')
        return others.length === 0
          ? checkRole(role, given, json, api)
          : checkRoles(roles, given, json, api)
      }
      const { showMachine } = await import('../doctor/machine.js')
      await showMachine(given, json)
    }
  },
}

/** @throws UsageError */
function apiOf(given: unknown, roles: readonly DoctorRole[]): string | undefined {
  if (given === undefined) return undefined
  if (!roles.includes('prover')) throw new UsageError('--api is for --role prover.')
  const isHttp = typeof given === 'string' && URL.canParse(given) && /^https?:/.test(given)
  if (!isHttp) throw new UsageError('--api takes one address: https://HOST[:PORT].')
  return given
}

/** @throws UsageError */
async function rolesOf(given: unknown): Promise<readonly DoctorRole[]> {
  if (given === undefined) return []
  const { DOCTOR_ROLES } = await import('../doctor/role-facts.js')
  if (given === 'all') return DOCTOR_ROLES
  const named = typeof given === 'string' ? given.split(',').map((role) => role.trim()) : []
  const known = DOCTOR_ROLES.filter((role) => named.includes(role))
  if (known.length === 0 || known.length !== named.length) {
    throw new UsageError(`--role takes ${DOCTOR_ROLES.join(', ')}, once each, or all.`)
  }
  return known
}
