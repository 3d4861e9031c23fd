/** `unknown`: it can't be seen from here, and fails nothing. */
export type RequirementState = 'ok' | 'missing' | 'unknown'

export interface Requirement {
  readonly name: string
  readonly state: RequirementState
  readonly found: string
  readonly needed: string
  /** Null where nothing is to be done. */
  readonly todo: string | null
}

/** A requirement that an outcome failed. */
export function failed(
  base: Pick<Requirement, 'name' | 'needed'>,
  { failed: why, hint }: { failed: string; hint: string | null },
): Requirement {
  return { ...base, state: 'missing', found: why, todo: hint }
}
