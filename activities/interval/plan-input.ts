import { workOf } from '../../formats/generation.js'
import type { Queryable } from '../../ledger/database.js'
import type { IntervalRow } from '../../ledger/intervals/intervals.js'
import type { StandingRow } from '../../ledger/provers/provers.js'
import { type InferenceRequestRow, recentRequests } from '../../ledger/requests/inference.js'
import type { PlanInput, RequestShape } from '../../rules/plan/plan-types.js'
import type { ChallengeModel, VerifierDeps } from '../verifier-deps.js'
import { publicNetwork } from './axon-subnet.js'

/** Users' requests that the challenges' shapes are fitted to. */
const RECENT_REQUESTS = 200
/**
 * Only requests that count shape challenges, and none of more than so many times the standard work:
 * who sends a hundred tiny or one huge request must not decide what a verifier computes and pays for.
 */
const SHAPE_MOST = 4

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
  const standardWork = workOf(model)
  const recent = await recentRequests(db, deps.id, RECENT_REQUESTS)
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
      network: publicNetwork(axonIp),
      lastEvidenceN,
    })),
    recentRequests: recent
      .filter((row) => row.counted && workOf(row) <= SHAPE_MOST * standardWork)
      .map(shapeOf),
    prompts: [],
    model: standardOf(model),
    budget: {
      usPerVideo: Number((BigInt(usPerWork) * BigInt(standardWork)) / 1_000_000n),
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
