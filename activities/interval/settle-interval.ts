import { FractalError } from '../../base/errors.js'
import { workOf } from '../../formats/generation.js'
import { intervalByN, setPhase } from '../../ledger/intervals/intervals.js'
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

/**
 * Rates, moves, scores, standings, the weight vector and the record, in one transaction that commits only
 * while this process holds the lease. Running it twice changes nothing.
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
      const phase = await withFence(deps, async (tx) => {
        if (interval.phase !== 'settled' && overdue) {
          await lapse(tx, deps, n)
          return (await intervalByN(tx, id, n))!.phase
        }
        if ((await setPhase(tx, id, n, 'settling', ['open', 'rounds', 'audit'])) !== 'settling') {
          return (await intervalByN(tx, id, n))!.phase
        }
        const input = {
          ...(await loadSettlement(tx, id, n)),
          profile: interval.profile ?? deps.profile,
          standardWork: workOf(deps.model),
          blocks: interval.length,
        }
        const settlement = settle(input)
        const set = computeWeightSet(deps, weightScores(settlement), sending)
        const record = await buildRecord(tx, deps, {
          n,
          settled: { input, settlement, weights: set },
        })
        await decideWeights(tx, id, n, toBeSet(deps, set))
        await writeSettlement(tx, id, n, settlement, record)
        return 'settled' as const
      })
      if (phase !== 'settled' && phase !== 'lapsed') {
        throw new FractalError('not_settled', `interval ${n} is in phase ${phase}`)
      }
      return { phase, line: await describe(deps, n, phase) }
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
