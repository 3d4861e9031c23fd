import { axonRequirements } from './axon-requirements.js'
import { classRequirements } from './class-requirements.js'
import { machineRequirements } from './machine-requirements.js'
import type { Requirement } from './requirement.js'
import { type DoctorRole, type RoleFacts, SIGNING_ROLES } from './role-facts.js'
import { chainRequirements, storeRequirements, walletRequirements } from './service-requirements.js'

/** What a role needs and this machine has, in the order in which one puts it right. */
export function requirementsOf(role: DoctorRole, facts: RoleFacts): Requirement[] {
  const isProver = role === 'prover'
  return [
    ...machineRequirements(role, facts),
    ...(isProver ? classRequirements(facts) : []),
    ...(SIGNING_ROLES.includes(role)
      ? [...walletRequirements(facts), ...chainRequirements(role, facts)]
      : []),
    ...(isProver ? axonRequirements(facts) : storeRequirements(facts)),
  ]
}
