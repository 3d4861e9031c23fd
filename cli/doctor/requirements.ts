import { axonRequirements } from './axon-requirements.js'
import { classRequirements } from './class-requirements.js'
import { machineRequirements } from './machine-requirements.js'
import type { Requirement } from './requirement.js'
import type { DoctorRole, RoleFacts } from './role-facts.js'
import { chainRequirements, storeRequirements, walletRequirements } from './service-requirements.js'

/** What a role needs and this machine has, in the order in which one puts it right. */
export function requirementsOf(role: DoctorRole, facts: RoleFacts): Requirement[] {
  return [
    ...machineRequirements(role, facts),
    ...classRequirements(facts),
    ...walletRequirements(facts),
    ...chainRequirements(role, facts),
    ...axonRequirements(facts),
    ...(role === 'verifier' ? storeRequirements(facts) : []),
  ]
}
