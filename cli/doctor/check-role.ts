import { FractalError } from '../../base/errors.js'
import { resolveOptions } from '../../base/options/options.js'
import { printJson, printLine, printTable } from '../output.js'
import type { Requirement } from './requirement.js'
import { requirementsOf } from './requirements.js'
import { DOCTOR_OPTIONS, type DoctorRole, gatherFacts } from './role-facts.js'
import { roleRows } from './role-rows.js'

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
  const requirements = requirementsOf(role, await gatherFacts([role], options, process.env, api))
  const missing = requirements.filter(({ state }) => state === 'missing')
  if (json) printJson({ role, ok: missing.length === 0, requirements })
  else print(requirements)
  if (missing.length > 0) {
    const names = missing.map(({ name }) => name).join('; ')
    throw new FractalError('requirements_missing', `${aRole(role)} lacks: ${names}.`)
  }
}

/** Longer findings stand below the table, beside what to do. */
const WIDE = 48

/**
 * Prints what each of several roles needs, in one table: a row for each requirement, a column for each role.
 * @throws FractalError `requirements_missing`, after printing, naming who lacks what
 */
export async function checkRoles(
  roles: readonly DoctorRole[],
  given: Readonly<Record<string, unknown>>,
  json: boolean,
  api?: string,
): Promise<void> {
  const options = resolveOptions(DOCTOR_OPTIONS, given, process.env)
  const facts = await gatherFacts(roles, options, process.env, api)
  const checked = roles.map((role) => ({ role, requirements: requirementsOf(role, facts) }))
  const lacking = checked.flatMap(({ role, requirements }) => {
    const names = requirements.filter(({ state }) => state === 'missing').map(({ name }) => name)
    return names.length === 0 ? [] : [`${aRole(role)} lacks: ${names.join('; ')}.`]
  })
  if (json) {
    printJson(checked.map((each) => ({ ...each, ok: isReady(each.requirements) })))
  } else {
    printTable(['requirement', 'found', ...roles], roleRows(checked))
    const todos = new Map(
      checked.flatMap(({ requirements }) =>
        requirements.filter(({ todo }) => todo !== null).map((each) => [each.name, each]),
      ),
    )
    for (const { name, found, todo } of todos.values()) printLine(`\n${name}: ${found}\n  ${todo}`)
  }
  if (lacking.length > 0) throw new FractalError('requirements_missing', lacking.join('\n'))
}

function isReady(requirements: readonly Requirement[]): boolean {
  return requirements.every(({ state }) => state !== 'missing')
}

function aRole(role: DoctorRole): string {
  return `${/^[ai]/.test(role) ? 'An' : 'A'} ${role}`
}

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
