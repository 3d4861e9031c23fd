import { FractalError } from '../../base/errors.js'
import { workOf } from '../../formats/generation.js'
import type { Tx } from '../../ledger/database.js'
import {
  closeInterval,
  type IntervalPhase,
  type IntervalRow,
  intervalByN,
  setPhase,
} from '../../ledger/intervals/intervals.js'
import {
  loadSettlement,
  settledResult,
  writeSettlement,
} from '../../ledger/intervals/settlement.js'
import { decideWeights, type NewWeightSet } from '../../ledger/intervals/weights.js'
import { isOverdue } from '../../rules/interval-time.js'
import { settle } from '../../rules/settle/settle.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import {
  type ChainFacts,
  type ComputedWeights,
  computeWeightSet,
  readChainFacts,
  weightScores,
} from '../weights/weight-vector.js'
import { buildRecord } from './build-record.js'
import { lapse } from './lapse-interval.js'

export interface SettledInterval {
  readonly phase: 'settled' | 'lapsed'
  /** Moves and cheats, in words. */
  readonly line: string
}

const UNSETTLED: readonly IntervalPhase[] = ['open', 'rounds', 'audit']

/**
 * Rates, moves, scores, standings, the weight vector and the record: computed from one snapshot of the ledger, and stored
 * in one transaction that commits only while this process holds the lease. Running it twice changes nothing.
 */
export function createSettleInterval(deps: VerifierDeps) {
  const { db, id } = deps
  return async ({ n }: { n: number }): Promise<SettledInterval> =>
    withHeartbeat(async () => {
      const interval = await intervalByN(db, id, n)
      if (interval === null) throw new FractalError('not_recorded', `interval ${n} is not recorded`)
      const { number: finalized } = await deps.chain.finalized()
      const overdue = isOverdue(interval, { finalized, blockSeconds: deps.chain.blockSeconds })
      const sending = await readChainFacts(deps)
      const begun = await withFence(deps, (tx) => begin(tx, deps, interval, overdue))
      const phase = UNSETTLED.includes(begun) ? await settleNow(deps, interval, sending) : begun
      if (phase !== 'settled' && phase !== 'lapsed') {
        throw new FractalError('not_settled', `interval ${n} is in phase ${phase}`)
      }
      return { phase, line: await describe(deps, n, phase) }
    })
}

/** Closes the interval, so that what it has delivered is final; or gives it up. @returns the phase it is in now */
async function begin(
  tx: Tx,
  deps: VerifierDeps,
  { n, phase: before }: IntervalRow,
  overdue: boolean,
): Promise<IntervalPhase> {
  const { id } = deps
  if (before !== 'settled' && overdue) await lapse(tx, deps, n)
  else if (UNSETTLED.includes(before)) await closeInterval(tx, id, n)
  return (await intervalByN(tx, id, n))!.phase
}

/**
 * Reading and computing, which take seconds, lock nothing; outcomes of the next interval wait only while the result is
 * written.
 * @returns the phase it is in now
 */
async function settleNow(
  deps: VerifierDeps,
  interval: IntervalRow,
  sending: ChainFacts,
): Promise<IntervalPhase> {
  const { db, id } = deps
  const { n } = interval
  const { set, ...result } = await db.snapshot(async (tx) => {
    const read = await loadSettlement(tx, id, n)
    const { requests, windowRows: window, endedRounds: _, found: __, ...parts } = read
    const input = {
      ...parts,
      profile: interval.profile ?? deps.profile,
      standardWork: workOf(deps.model),
      blocks: interval.length,
    }
    const settlement = settle(input)
    const weights = computeWeightSet(deps, weightScores(settlement), sending)
    const settled = { input, settlement, weights, window }
    const record = await buildRecord(tx, deps, { n, requests, checks: input.checks, settled })
    return { read, settlement, record, set: toBeSet(deps, weights) }
  })
  return withFence(deps, async (tx) => {
    const phase = await setPhase(tx, id, n, 'settling', UNSETTLED)
    if (phase !== 'settling') return phase
    await decideWeights(tx, id, n, set)
    await writeSettlement(tx, id, n, result)
    return 'settled'
  })
}

/** A verifier that sets no weights has decided so at once: nothing waits for them. */
function toBeSet({ settings }: VerifierDeps, set: ComputedWeights): NewWeightSet {
  return set.kind === 'weights' && !settings.setWeights ? { ...set, kind: 'disabled' } : set
}

async function describe(deps: VerifierDeps, n: number, phase: string): Promise<string> {
  const result = await settledResult(deps.db, deps.id, n)
  if (result === null) return `${phase}: changes no score, tier or weight`
  const moves = result.scores.filter((row) => row.tierBefore !== row.tierAfter)
  const cheats = result.scores.filter((row) => row.cheats > 0)
  return `${result.scores.length} provers, ${moves.length} moved, ${cheats.length} caught cheating`
}
