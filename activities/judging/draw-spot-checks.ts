import { fromHex } from '../../formats/bytes.js'
import { pixelsOf } from '../../formats/video-shape.js'
import { planOf } from '../../ledger/intervals/plans.js'
import { getSecret } from '../../ledger/intervals/secrets.js'
import type { CertificateRow } from '../../ledger/judging/certificates.js'
import {
  type NewSpotCheck,
  putSpotChecks,
  spotCheckCandidates,
  spotCheckSpending,
} from '../../ledger/judging/spot-checks.js'
import { drawOpening, isSpotChecked, spotCheckUs } from '../../rules/plan/spot-checks.js'
import { storedParams } from '../shared/stored-request.js'
import type { VerifierDeps } from '../verifier-deps.js'

/**
 * Draws which of an interval's answers are spot-checked, among those of classes that can be computed here,
 * until the interval's budget is spent. Drawing again gives the same result for each answer.
 * @param options.all include answers that can no longer be opened, so that the interval's draw is complete
 */
export async function drawSpotChecks(
  deps: VerifierDeps,
  n: number,
  certificates: readonly CertificateRow[],
  options: { all: boolean; windowSeconds: number },
): Promise<void> {
  const { db, id } = deps
  const plan = await planOf(db, id, n)
  const usPerPixel = certificates[0]?.spotCheckUsPerPixel ?? null
  if (usPerPixel === null || plan === null) return
  const { spotCheckBudgetUs: budgetUs, spotCheckCostUs: costUs } = plan
  // Opened by a version without spot checks.
  if (budgetUs === null || costUs === null) return
  const classes = certificates.map((row) => row.determinismClass)
  const candidates = await spotCheckCandidates(db, id, n, { ...options, classes })
  if (candidates.length === 0) return
  const { secret } = (await getSecret(db, id, n))!
  let spent = await spotCheckSpending(db, id, n)
  const drawn: NewSpotCheck[] = []
  for (const { requestId, traceRoot, body } of candidates) {
    const source = { secret, requestId, traceRoot: fromHex(traceRoot) }
    if (spent >= budgetUs || !isSpotChecked(source, { budgetUs, costUs })) continue
    const params = storedParams({ requestId, body })
    const cost = spotCheckUs(usPerPixel, pixelsOf(params))
    spent += cost
    drawn.push({ requestId, ...drawOpening(source, params), costUs: cost })
  }
  if (drawn.length > 0) await putSpotChecks(db, id, n, drawn)
}
