import type { DrawSource } from '../../formats/draws.js'
import { workOf } from '../../formats/generation.js'
import type { Queryable } from '../../ledger/database.js'
import type { IntervalRow } from '../../ledger/intervals/intervals.js'
import { lastFullChecks, type PlanProver } from '../../ledger/intervals/plan-inputs.js'
import { type RecentRequestRow, recentRequests } from '../../ledger/requests/inference.js'
import { reusablePrompts } from '../../ledger/requests/reusable-prompts.js'
import { CORPUS_SAMPLE, SHAPE_REQUESTS } from '../../rules/constants.js'
import { shapingRequests } from '../../rules/plan/challenge-shapes.js'
import { sampleCorpus } from '../../rules/plan/draw-prompt.js'
import type { PlanInput, RequestShape } from '../../rules/plan/plan-types.js'
import type { ProverKey } from '../../rules/settle/settlement.js'
import { usOfWork } from '../../rules/work-time.js'
import type { ChallengeModel, VerifierDeps } from '../verifier-deps.js'

/**
 * What an interval's plan is drawn from, in addition to its secret and the hash of its first block.
 * @param usPerWork the class's certified time, floor(µs · 10^6 / work)
 */
export async function planInput(
  db: Queryable,
  deps: VerifierDeps,
  interval: IntervalRow,
  source: DrawSource,
  usPerWork: number,
): Promise<PlanInput> {
  const { model, profile, gpus, chain } = deps
  const recent = await recentRequests(db, deps.id, SHAPE_REQUESTS)
  return {
    profile,
    n: interval.n,
    firstBlock: interval.firstBlock,
    length: interval.length,
    recentRequests: shapingRequests(recent, model).map(shapeOf),
    prompts: sampleCorpus(source, deps.corpus, CORPUS_SAMPLE),
    reusablePrompts: await reusablePrompts(db, deps.id),
    model: standardOf(model),
    budget: {
      usPerVideo: usOfWork(usPerWork, workOf(model)),
      gpus,
      blockMs: Math.round(chain.blockSeconds * 1000),
    },
  }
}

/** The provers that the interval's rounds may ask, each with the interval of its last full check. */
export async function planProvers(
  db: Queryable,
  { id }: VerifierDeps,
  provers: readonly (ProverKey & { axonIp: string | null })[],
): Promise<PlanProver[]> {
  const last = new Map(
    (await lastFullChecks(db, id)).map((row) => [`${row.hotkey}@${row.registeredBlock}`, row.n]),
  )
  return provers.map(({ hotkey, registeredBlock, axonIp }) => ({
    hotkey,
    registeredBlock,
    lastFullCheckN: last.get(`${hotkey}@${registeredBlock}`) ?? null,
    hasAddress: axonIp !== null,
  }))
}

function standardOf({ root: _, ...standard }: ChallengeModel) {
  return standard
}

function shapeOf(row: RecentRequestRow): RequestShape {
  const { steps, guidanceMilli, frames, width, height, fps } = row
  const negativePrompt = row.negativePrompt !== ''
  return {
    steps,
    guidanceMilli,
    frames,
    width,
    height,
    fps,
    negativePrompt,
    cancelled: row.cancelled,
  }
}
