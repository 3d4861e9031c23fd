import { currentCertificates } from '../../ledger/intervals/certificates.js'
import { newestBlocks } from '../../ledger/intervals/intervals.js'
import { axonOf, type RoutedProverRow, routingCandidates } from '../../ledger/provers/routing.js'
import type { AttemptRow } from '../../ledger/requests/attempts.js'
import { TIER_REQUEST_LIMIT } from '../../rules/constants.js'
import { blockRange } from '../../rules/interval-time.js'
import { deadlineMs } from '../../rules/routing/deadlines.js'
import { excludedProvers } from '../../rules/routing/excluded-provers.js'
import { mayHedge } from '../../rules/routing/hedge.js'
import { route } from '../../rules/routing/route.js'
import { candidateOf, usedIn } from '../../rules/routing/route-candidate.js'
import type { InferenceDeps } from '../inference-deps.js'

export interface ChosenProver {
  readonly prover: RoutedProverRow
  readonly deadlineMs: number
  /** Whether a second one may be asked beside it. */
  readonly mayBeHedged: boolean
  /** The range of blocks that the request counts in. */
  readonly blockRange: number
  /** floor(µs · 10^6 / work) of the prover, else of its class; null when neither was measured. */
  readonly usPerWork: number | null
}

/**
 * Picks the prover for a request's next attempt, by the pure router over what the ledger knows.
 * @param before the request's earlier attempts: provers that failed it are not asked again
 * @returns null when no prover can take it now
 */
export async function chooseProver(
  deps: Pick<InferenceDeps, 'id' | 'db' | 'block' | 'random' | 'deadlineFloorMs'>,
  work: number,
  before: readonly AttemptRow[],
): Promise<ChosenProver | null> {
  const { db, id } = deps
  const [newest, certificates, rows] = await Promise.all([
    newestBlocks(db, id),
    currentCertificates(db),
    routingCandidates(db, id),
  ])
  // Limits go on by the chain's blocks, whether or not a verifier runs.
  const range = newest === null ? 0 : blockRange(newest, deps.block())
  const chosen = route(
    {
      candidates: rows.map((row) => candidateOf(row, range)),
      work,
      exclude: excludedProvers(before),
      tierLimits: TIER_REQUEST_LIMIT,
    },
    deps.random,
  )
  const row = rows.find(({ hotkey }) => hotkey === chosen?.hotkey)
  if (row === undefined) return null
  const axon = await axonOf(db, id, row.hotkey)
  if (axon === null) return null
  const prover = { ...row, ...axon }
  const certificate = certificates.find((row) => row.determinismClass === prover.determinismClass)
  return {
    prover,
    blockRange: range,
    mayBeHedged: mayHedge({
      outpaced: usedIn({ ...row, used: row.outpaced }, range),
      used: usedIn(row, range),
    }),
    usPerWork: prover.latencyUsPerWork ?? certificate?.usPerWork ?? null,
    deadlineMs: deadlineMs({
      floorMs: deps.deadlineFloorMs,
      certifiedUsPerWork: certificate?.usPerWork ?? null,
      work,
    }),
  }
}
