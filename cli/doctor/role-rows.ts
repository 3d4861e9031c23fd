import type { Requirement } from './requirement.js'
import type { DoctorRole } from './role-facts.js'

export interface CheckedRole {
  readonly role: DoctorRole
  readonly requirements: readonly Requirement[]
}

/** Longer findings stand below the table, beside what to do. */
const WIDE = 32

/**
 * The rows of one table for several roles: requirement, what was found, and a state for each role; `–` where the role
 * does not need it. In the order in which the roles have them.
 */
export function roleRows(checked: readonly CheckedRole[]): string[][] {
  const names = [
    ...new Set(checked.flatMap(({ requirements }) => requirements.map(({ name }) => name))),
  ]
  return names.map((name) => {
    const each = checked.map(({ requirements }) => requirements.find((one) => one.name === name))
    const found = each.find((one) => one !== undefined)!.found
    return [
      name,
      found.length > WIDE ? `${found.slice(0, WIDE - 1)}…` : found,
      ...each.map((one) => (one === undefined ? '–' : cellOf(one))),
    ]
  })
}

/** What lacks says what is needed: roles differ in that. */
function cellOf({ state, needed }: Requirement): string {
  return state === 'missing' && needed.length <= WIDE / 2 ? `missing: ${needed}` : state
}
