import { type DrawSource, drawInteger } from '../../formats/draws.js'
import { workOf } from '../../formats/generation.js'
import { WIDE_ROUNDS } from '../constants.js'
import { gpuBudget } from './gpu-budget.js'
import type { IntervalPlan, PlanInput, PlannedRound, RoundKind } from './plan-types.js'
import { shapesOf } from './request-shapes.js'

/**
 * Draws when an interval's rounds begin: uniformly within it, in milliseconds, so that neither a block nor a
 * moment reveals that a check is coming (mechanism.md section 3). Which provers a round asks is drawn when it
 * begins. The same input and source give the same plan on every machine.
 */
export function planInterval(input: PlanInput, source: DrawSource): IntervalPlan {
  const spanMs = input.length * input.budget.blockMs
  const draw = (kind: RoundKind, count: number): PlannedRound[] =>
    Array.from({ length: count }, (_, round) => ({
      kind,
      round,
      momentMs: drawInteger(source, `${kind}/${round}/moment-ms`, spanMs),
    }))
  const rounds = [...draw('challenge', challengeRounds(input)), ...draw('wide', WIDE_ROUNDS)]
  return { rounds: rounds.sort((a, b) => a.momentMs - b.momentMs) }
}

/**
 * How many rounds the challenges' share of the GPU pays for: max(1, floor(budget / (sample size · certified
 * time))).
 */
function challengeRounds(input: PlanInput): number {
  const { profile, model, budget, length } = input
  const shapes = shapesOf(input)
  const work = shapes.reduce((sum, shape) => sum + BigInt(workOf(shape)), 0n)
  const standard = BigInt(workOf(model)) * BigInt(shapes.length)
  const usPerVideo = Number((BigInt(budget.usPerVideo) * work) / standard)
  const { challengeVideos } = gpuBudget({ ...budget, usPerVideo, length })
  const rounds = Math.floor(challengeVideos / Math.max(1, profile.sampleSize))
  return Math.min(profile.rounds.max, Math.max(1, rounds))
}
