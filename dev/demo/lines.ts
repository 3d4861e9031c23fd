import type { Database } from '../../ledger/database.js'
import type { IntervalRow } from '../../ledger/intervals/intervals.js'
import { planItems } from '../../ledger/intervals/plans.js'
import { scoresOf } from '../../ledger/intervals/settlement.js'
import { weightSet } from '../../ledger/intervals/weights.js'
import { type VerdictRow, verdictsOf } from '../../ledger/judging/verdicts.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { hadNoTime } from './lag.js'

/** One line of an interval that ended: blocks, sampled, verdicts, moves, weights. */
export async function intervalLine(
  db: Database,
  id: VerifierId,
  interval: IntervalRow,
  nameOf: (hotkey: string) => string,
): Promise<string> {
  const { n, firstBlock, length, phase } = interval
  const head = `interval ${n}  blocks ${firstBlock}-${firstBlock + length - 1}`
  if (phase !== 'settled') return `${head}  ${phase}`
  const items = await planItems(db, id, n)
  const checks = (await verdictsOf(db, id, n)).filter(({ kind }) => kind !== 'answer')
  const scores = await scoresOf(db, id, n)
  const count = (verdict: string) => checks.filter((row) => row.verdict === verdict).length
  const audits = checks.filter(({ kind }) => kind === 'audit').length
  const spotChecks = checks.filter(({ kind }) => kind === 'spotcheck').length
  const served = scores.reduce((sum, row) => sum + row.requestSuccesses, 0)
  const cheats = scores.filter((row) => row.cheats > 0).map((row) => nameOf(row.hotkey))
  const moves = scores
    .filter((row) => row.tierBefore !== row.tierAfter)
    .map((row) => `${nameOf(row.hotkey)} ${row.tierBefore}→${row.tierAfter}`)
  const others = (['fail', 'unproven', 'abstained'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `, ${count(verdict)} ${verdict}`)
  return [
    head,
    `sampled ${new Set(items.map((item) => item.hotkey)).size} in ${items.length} challenges, ${audits} audits, ${spotChecks} spot checks, ${served} served`,
    `${count('pass')} pass, ${count('cheat')} cheat${others.join('')}`,
    caughtText(cheats, checks),
    moves.length === 0 ? 'no moves' : moves.join(', '),
    weightsText(await weightSet(db, id, n)),
  ].join(' | ')
}

function caughtText(cheats: readonly string[], checks: readonly VerdictRow[]): string {
  if (cheats.length > 0) return `caught ${cheats.join(', ')}`
  return checks.length > 0 && checks.every(hadNoTime)
    ? 'nobody caught, as there was no time to check anybody'
    : 'nobody caught'
}

function weightsText(set: Awaited<ReturnType<typeof weightSet>>): string {
  if (set === null) return 'no weights yet'
  if (set.kind === 'none') return 'no weights, as nobody has earned any'
  if (set.kind !== 'weights') return `weights: ${set.kind}`
  return set.includedBlock === null
    ? 'weights waiting'
    : `weights set in block ${set.includedBlock}${set.readBackOk ? ', read back' : ''}`
}
