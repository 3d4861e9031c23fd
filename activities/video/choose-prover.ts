import { currentCertificates } from '../../ledger/intervals/certificates.js'
import { type RoutingCandidateRow, routingCandidates } from '../../ledger/provers/routing.js'
import type { AttemptRow } from '../../ledger/requests/attempts.js'
import { TIER_REQUEST_LIMIT } from '../../rules/constants.js'
import { deadlineMs } from '../../rules/routing/deadlines.js'
import { leftOut } from '../../rules/routing/left-out.js'
import { route } from '../../rules/routing/route.js'
import { candidateOf } from '../../rules/routing/route-candidate.js'
import type { InferenceDeps } from '../inference-deps.js'

export interface ChosenProver {
  readonly prover: RoutingCandidateRow
  readonly deadlineMs: number
  /** floor(µs · 10^6 / work) of the prover, else of its class; null when neither was measured. */
  readonly usPerWork: number | null
}

/**
 * Picks the prover for a request's next attempt, by the pure router over what the ledger knows.
 * @param before the request's earlier attempts: provers that failed it are not asked again
 * @returns null when no prover can take it now
 */
export async function chooseProver(
  deps: InferenceDeps,
  work: number,
  before: readonly AttemptRow[],
): Promise<ChosenProver | null> {
  const rows = await routingCandidates(deps.db, deps.id)
  const certificates = await currentCertificates(deps.db)
  const classes = new Set(certificates.map((row) => row.determinismClass))
  const chosen = route(
    {
      candidates: rows.map((row) =>
        candidateOf({ ...row, otherClass: !classes.has(row.determinismClass) }),
      ),
      work,
      exclude: leftOut(before),
      tierLimits: TIER_REQUEST_LIMIT,
    },
    deps.random,
  )
  const prover = rows.find((row) => row.hotkey === chosen?.hotkey)
  if (prover === undefined) return null
  const certificate = certificates.find((row) => row.determinismClass === prover.determinismClass)
  return {
    prover,
    usPerWork: prover.latencyUsPerWork ?? certificate?.usPerWork ?? null,
    deadlineMs: deadlineMs({
      floorMs: deps.deadlineFloorMs,
      certifiedUsPerWork: certificate?.usPerWork ?? null,
      work,
      capacity: prover.capacity,
    }),
  }
}
