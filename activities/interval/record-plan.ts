import type { VideoShape } from '../../formats/video-shape.js'
import type { Tx } from '../../ledger/database.js'
import { LedgerError } from '../../ledger/errors.js'
import { type PlanInputsRow, planInputs } from '../../ledger/intervals/plan-inputs.js'
import { planItems, planOf, planRounds } from '../../ledger/intervals/plans.js'
import { wideRound } from '../../ledger/intervals/wide-rounds.js'
import { auditInputs, auditsOf } from '../../ledger/judging/audits.js'
import { spotCheckSpending } from '../../ledger/judging/spot-checks.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import type { PublicRecord } from '../../rules/record/public-record.js'
import type { ProverKey } from '../../rules/settle/settlement.js'

type IndexOf = (prover: ProverKey) => number

/** What an interval drew, and what from. */
export async function recordPlan(
  tx: Tx,
  id: VerifierId,
  n: number,
): Promise<Pick<PublicRecord, 'plan' | 'rounds' | 'challenges' | 'audits'>> {
  return {
    plan: await planSection(tx, id, n),
    rounds: (await planRounds(tx, id, n)).map(({ askedAt: _, ...round }) => round),
    challenges: (await planItems(tx, id, n)).map((item) => ({
      requestId: item.requestId,
      round: item.round,
      k: item.k,
      hotkey: item.hotkey,
      registeredBlock: item.registeredBlock,
      deadlineMs: item.deadlineMs,
      bodySha256: item.bodySha256,
      // A request with a user's prompt is identified by the prompt's hash.
      body: item.promptSha256 === null ? Buffer.from(item.body).toString('utf8') : null,
      promptSha256: item.promptSha256,
    })),
    audits: await auditsSection(tx, id, n),
  }
}

async function planSection(tx: Tx, id: VerifierId, n: number): Promise<PublicRecord['plan']> {
  const plan = await planOf(tx, id, n)
  const inputs = await readInputs(tx, id, n)
  if (plan === null || inputs === null) return null
  // Field by field, because what is stored may have more fields than a record.
  const { usPerVideo, gpus, blockMs } = inputs.budget
  return {
    model: { name: inputs.model.name, ...shapeOf(inputs.model) },
    recentRequests: inputs.recentRequests.map((request) => ({
      ...shapeOf(request),
      negativePrompt: request.negativePrompt,
      cancelled: request.cancelled,
    })),
    prompts: inputs.prompts,
    reusablePrompts: inputs.reusablePrompts.map(({ promptSha256, negativePrompt, servedBy }) => ({
      promptSha256,
      negativePrompt,
      servedBy,
    })),
    provers: inputs.provers.map(({ hotkey, registeredBlock, lastFullCheckN, hasAddress }) => ({
      hotkey,
      registeredBlock,
      lastFullCheckN,
      hasAddress,
    })),
    gpuUsPerWork: plan.gpuUsPerWork,
    gpuColdUs: plan.gpuColdUs,
    budget: { usPerVideo, gpus, blockMs },
    spotChecks: {
      budgetUs: plan.spotCheckBudgetUs,
      costUs: plan.spotCheckCostUs,
      usPerPixel: inputs.spotCheckUsPerPixel,
      pixels: inputs.spotCheckPixels,
      spentUs: await spotCheckSpending(tx, id, n),
    },
  }
}

function shapeOf({ steps, guidanceMilli, frames, width, height, fps }: VideoShape): VideoShape {
  return { steps, guidanceMilli, frames, width, height, fps }
}

/** Null for an interval that an older version planned differently: its record can't show the draws. */
async function readInputs(tx: Tx, id: VerifierId, n: number): Promise<PlanInputsRow | null> {
  try {
    return await planInputs(tx, id, n)
  } catch (error) {
    if (error instanceof LedgerError && error.code === 'row_invalid') return null
    throw error
  }
}

async function auditsSection(tx: Tx, id: VerifierId, n: number): Promise<PublicRecord['audits']> {
  const inputs = await auditInputs(tx, id, n)
  const drawn = await auditsOf(tx, id, n)
  if (inputs === null || drawn === null) return null
  const refused = inputs.answers.filter(({ openingRefused }) => openingRefused)
  return {
    drawn,
    max: inputs.max,
    openingRefused: refused.map(({ requestId }) => requestId),
  }
}

/** The provers that each wide round of an interval asked. */
export async function askedWideRounds(
  tx: Tx,
  id: VerifierId,
  n: number,
  rounds: PublicRecord['rounds'],
  indexOf: IndexOf,
): Promise<PublicRecord['wideRounds']> {
  const asked: PublicRecord['wideRounds'] = []
  for (const { kind, round, begun } of rounds) {
    if (kind !== 'wide' || begun === null) continue
    const rows = await wideRound(tx, id, n, round)
    asked.push({
      round,
      provers: rows.map((row) => ({
        prover: indexOf(row),
        gpus: row.gpus,
        inFlight: row.inFlight,
      })),
    })
  }
  return asked
}
