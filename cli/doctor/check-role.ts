import { FractalError } from '../../base/errors.js'
import { resolveOptions } from '../../base/options/options.js'
import { printJson, printLine, printTable } from '../output.js'
import type { Requirement } from './requirement.js'
import { requirementsOf } from './requirements.js'
import { DOCTOR_OPTIONS, type DoctorRole, gatherFacts } from './role-facts.js'

/**
 * Prints what a role needs, and whether it is there.
 * @param api address of a verifier's API, whose classes this machine's is compared with
 * @throws FractalError `requirements_missing`, after printing
 */
export async function checkRole(
  role: DoctorRole,
  given: Readonly<Record<string, unknown>>,
  json: boolean,
  api?: string,
): Promise<void> {
  const options = resolveOptions(DOCTOR_OPTIONS, given, process.env)
  const requirements = requirementsOf(role, await gatherFacts(role, options, process.env, api))
  const missing = requirements.filter(({ state }) => state === 'missing')
  if (json) printJson({ role, ok: missing.length === 0, requirements })
  else print(requirements)
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join('; ')
    throw new FractalError('requirements_missing', `A ${role} lacks: ${names}.`)
  }
}

/** Longer findings stand below the table, beside what to do. */
const WIDE = 48

function print(requirements: readonly Requirement[]): void {
  printTable(
    ['requirement', 'state', 'found', 'needed'],
    requirements.map(({ name, state, found, needed }) => [
      name,
      state,
      found.length > WIDE ? `${found.slice(0, WIDE - 1)}…` : found,
      needed,
    ]),
  )
  for (const { name, found, todo } of requirements) {
    if (todo === null && found.length <= WIDE) continue
    printLine(`\n${name}: ${found}`)
    if (todo !== null) printLine(`  ${todo}`)
  }
}
