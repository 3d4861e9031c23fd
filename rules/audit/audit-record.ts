import type { ReadRecord } from '../record/read-record.js'
import { auditChecks } from './audit-checks.js'
import { auditPlan, drawContext } from './audit-plan.js'
import { auditProfile } from './audit-profile.js'
import { auditSettlement } from './audit-settlement.js'
import { auditWideRounds } from './audit-wide.js'
import type { Finding } from './finding.js'

/**
 * Recomputes an interval from its public record alone: its draws, which provers were asked, which answers
 * were checked, and the whole settlement. Signatures, the previous record and the chain are checked
 * elsewhere.
 * @returns what does not follow; empty if everything does
 * @throws RuleError `bad_input` when its parts don't belong together
 */
export function auditRecord(read: ReadRecord): Finding[] {
  return [...auditProfile(read.record.profile), ...draws(read), ...auditSettlement(read)]
}

function draws(read: ReadRecord): Finding[] {
  const { record } = read
  const context = drawContext(record)
  if (context !== null) {
    return [...auditPlan(context), ...auditWideRounds(context, read), ...auditChecks(context, read)]
  }
  // It lapsed before it opened, and asked nobody.
  if (record.outcome === 'lapsed' && record.firstBlockHash === null) return []
  return [{ where: 'plan', what: 'is missing: nothing that was drawn can be computed again' }]
}
