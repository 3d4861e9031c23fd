import type { RoutingRow } from '../../ledger/provers/routing-changes.js'
import type { AttemptRow } from '../../ledger/requests/attempts.js'
import { declaredGpus } from '../../rules/plan/room.js'
import { deadlineMs } from '../../rules/routing/deadlines.js'
import { excludedProvers } from '../../rules/routing/excluded-provers.js'
import { mayHedge } from '../../rules/routing/hedge.js'
import { usedIn } from '../../rules/routing/route-facts.js'
import type { NoRoute } from '../../rules/routing/route-table.js'
import type { InferenceDeps } from '../inference-deps.js'

export interface ChosenProver {
  readonly hotkey: string
  readonly prover: RoutingRow
  /** GPUs that it declares. */
  readonly gpus: number
  readonly deadlineMs: number
  /** Whether a second prover may be asked in parallel. */
  readonly mayBeHedged: boolean
  /** The range of blocks that the request counts in. */
  readonly blockRange: number
  /** floor(µs · 10^6 / work) of the prover, else of its class; null if neither was measured. */
  readonly usPerWork: number | null
}

/**
 * Picks the prover for a request's next attempt, using the pure router on the ledger's data.
 * @param before the request's earlier attempts: provers that failed it are not asked again
 * @param read as for `ProverRoutes.pick`
 */
export async function chooseProver(
  deps: Pick<InferenceDeps, 'routes' | 'block' | 'random' | 'deadlineFloorMs'>,
  work: number,
  before: readonly AttemptRow[],
  read?: Promise<void>,
): Promise<ChosenProver | NoRoute> {
  const picked = await deps.routes.pick(deps.block(), excludedProvers(before), deps.random, read)
  if (picked.hotkey === null) return picked
  const { hotkey, prover, certifiedUsPerWork, deadlineTimes, range } = picked
  return {
    hotkey,
    prover,
    gpus: declaredGpus(prover.capacity),
    blockRange: range,
    mayBeHedged: mayHedge({
      outpaced: usedIn({ ...prover, used: prover.outpaced }, range),
      used: usedIn(prover, range),
    }),
    usPerWork: prover.usPerWork ?? certifiedUsPerWork,
    deadlineMs: deadlineMs({ floorMs: deps.deadlineFloorMs, ...deadlineTimes, work }),
  }
}
