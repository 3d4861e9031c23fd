import { workOf } from '../../formats/generation.js'
import type { Queryable } from '../../ledger/database.js'
import type { IntervalRow } from '../../ledger/intervals/intervals.js'
import type { StandingRow } from '../../ledger/provers/provers.js'
import { type InferenceRequestRow, recentRequests } from '../../ledger/requests/inference.js'
import { SHAPE_REQUESTS } from '../../rules/constants.js'
import { shapingRequests } from '../../rules/plan/challenge-shapes.js'
import type { PlanInput, RequestShape } from '../../rules/plan/plan-types.js'
import { usOfWork } from '../../rules/work-time.js'
import type { ChallengeModel, VerifierDeps } from '../verifier-deps.js'
import { axonSubnet } from './axon-subnet.js'

/**
 * What an interval's plan is drawn from, besides its secret and the hash of its first block.
 * @param usPerWork the class's certified time, floor(µs · 10^6 / work)
 */
export async function planInput(
  db: Queryable,
  deps: VerifierDeps,
  interval: IntervalRow,
  provers: readonly StandingRow[],
  usPerWork: number,
): Promise<PlanInput> {
  const { model, profile, gpus, chain } = deps
  const recent = await recentRequests(db, deps.id, SHAPE_REQUESTS)
  return {
    profile,
    n: interval.n,
    firstBlock: interval.firstBlock,
    length: interval.length,
    provers: provers.map(({ hotkey, registeredBlock, uid, coldkey, axonIp, lastEvidenceN }) => ({
      hotkey,
      registeredBlock,
      uid,
      coldkey,
      network: axonSubnet(axonIp),
      lastEvidenceN,
    })),
    recentRequests: shapingRequests(recent, model).map(shapeOf),
    prompts: [],
    model: standardOf(model),
    budget: {
      usPerVideo: usOfWork(usPerWork, workOf(model)),
      gpus,
      blockMs: Math.round(chain.blockSeconds * 1000),
    },
  }
}

function standardOf({ root: _, ...standard }: ChallengeModel) {
  return standard
}

function shapeOf(row: InferenceRequestRow): RequestShape {
  const { steps, guidanceMilli, frames, width, height, fps } = row
  const negativePrompt = row.negativePrompt !== ''
  return { steps, guidanceMilli, frames, width, height, fps, negativePrompt, stream: false }
}
