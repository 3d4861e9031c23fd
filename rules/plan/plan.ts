import { canonicalJson } from '../../formats/canonical-json.js'
import { type DrawSource, drawBytes, drawInteger, shuffle } from '../../formats/draws.js'
import { generationBody, SEED_MAX, workOf } from '../../formats/generation.js'
import { requestIdFromBytes } from '../../formats/request-id.js'
import { GROUP_ROUNDS_PERCENT } from '../constants.js'
import { compareText } from '../order.js'
import { drawMoments } from './draw-moments.js'
import { gpuBudget } from './gpu-budget.js'
import type {
  IntervalPlan,
  PlanGroup,
  PlanInput,
  PlanItem,
  PlanRound,
  RequestShape,
} from './plan-types.js'
import { drawNegativePrompt, drawPrompt } from './prompts.js'
import { Sampler } from './sample.js'

/**
 * Draws an interval's challenges: when, whom, and each prover's own request (mechanism.md section 3).
 * The same input and source draw the same plan on every machine.
 */
export function planInterval(input: PlanInput, source: DrawSource): IntervalPlan {
  if (input.provers.length === 0) return { rounds: [] }
  const shapes = shapesOf(input)
  const { rounds, sample } = roundsOf(input, shapes)
  const lastBlock = input.firstBlock + input.length - 1
  const early = Math.floor((input.length * input.profile.rounds.earlyShareMilli) / 1000)
  const moments = drawMoments(
    source,
    (i) => `round/${i}/moment`,
    { first: input.firstBlock + 1, last: Math.min(lastBlock, input.firstBlock + early) },
    rounds,
  )
  const sampler = new Sampler(source, input.provers)
  const groups = drawGroups(input, sampler, rounds, source)
  return {
    rounds: moments.map((momentBlock, round): PlanRound => {
      const group = groups.get(round) ?? null
      const items = sampler.draw(round, sample, group).map((prover, k): PlanItem => {
        const retries = { first: Math.min(momentBlock + 1, lastBlock), last: lastBlock }
        const retryLabel = (i: number): string => `round/${round}/retry/${k}/${i}`
        const [first, second] = drawMoments(source, retryLabel, retries, 2)
        return {
          round,
          k,
          hotkey: prover.hotkey,
          registeredBlock: prover.registeredBlock,
          momentBlock,
          retryBlocks: [first!, second!],
          ...drawRequest(input, shapes, source, `round/${round}`, k),
        }
      })
      return { round, momentBlock, group, items }
    }),
  }
}

/** How many rounds and provers the challenges' share of the GPU pays for; at least one round. */
function roundsOf(
  { profile, provers, model, budget, length }: PlanInput,
  shapes: readonly RequestShape[],
): { rounds: number; sample: number } {
  const work = shapes.reduce((sum, shape) => sum + BigInt(workOf(shape)), 0n)
  const standard = BigInt(workOf(model)) * BigInt(shapes.length)
  const usPerVideo = Number((BigInt(budget.usPerVideo) * work) / standard)
  const videos = gpuBudget({ ...budget, usPerVideo, length }).challengeVideos
  const least = Math.min(profile.sampleSize, provers.length)
  const rounds = Math.min(profile.rounds.max, Math.max(1, Math.floor(videos / least)))
  const sample = Math.max(least, Math.min(profile.sampleMax, Math.floor(videos / rounds)))
  return { rounds, sample: Math.min(sample, provers.length) }
}

/** Sorted, so that the order of rows in a table draws nothing else. */
function shapesOf({ recentRequests, model }: PlanInput): RequestShape[] {
  const { name: _, ...standard } = model
  if (recentRequests.length === 0) return [{ ...standard, negativePrompt: false, stream: false }]
  return recentRequests
    .map((shape) => ({ shape, text: canonicalJson({ ...shape }) }))
    .sort((a, b) => compareText(a.text, b.text))
    .map(({ shape }) => shape)
}

function drawGroups(
  { profile }: PlanInput,
  sampler: Sampler,
  rounds: number,
  source: DrawSource,
): Map<number, PlanGroup> {
  const groups = profile.groupRounds ? sampler.groups() : []
  if (groups.length === 0) return new Map()
  const order = shuffle(source, 'groups', [...Array(rounds).keys()])
  const chosen = order.slice(0, Math.floor((rounds * GROUP_ROUNDS_PERCENT) / 100))
  return new Map(
    chosen.map((r) => [r, groups[drawInteger(source, `round/${r}/group`, groups.length)]!]),
  )
}

function drawRequest(
  { model, prompts }: PlanInput,
  shapes: readonly RequestShape[],
  source: DrawSource,
  round: string,
  k: number,
): Pick<PlanItem, 'requestId' | 'stream' | 'body'> {
  const shape = shapes[drawInteger(source, `${round}/shape/${k}`, shapes.length)]!
  const promptLabel = `${round}/prompt/${k}`
  const prompt =
    prompts.length === 0
      ? drawPrompt(source, promptLabel)
      : prompts[drawInteger(source, promptLabel, prompts.length)]!
  const requestId = requestIdFromBytes(drawBytes(source, `${round}/id/${k}`, 16))
  return {
    requestId,
    stream: shape.stream,
    body: generationBody(
      {
        ...shape,
        prompt,
        negativePrompt: shape.negativePrompt
          ? drawNegativePrompt(source, `${round}/negative/${k}`)
          : '',
        seed: drawInteger(source, `${round}/seed/${k}`, SEED_MAX + 1),
      },
      { request_id: requestId, model: model.name },
    ),
  }
}
