import { type DrawSource, drawBytes, drawInteger } from '../../formats/draws.js'
import {
  type GenerationParams,
  generationBody,
  SEED_MAX,
  type UndatedBody,
} from '../../formats/generation.js'
import { requestIdFromBytes } from '../../formats/request-id.js'
import { drawPromptFor, type PromptChoice, type PromptTexts } from './draw-prompt.js'
import type { RequestInput } from './plan-types.js'
import { shapesOf } from './request-shapes.js'

/** One of the verifier's own requests, indistinguishable from a user's. */
export interface DrawnRequest {
  requestId: string
  prompt: PromptChoice
  /** Everything except the texts. */
  params: Omit<GenerationParams, keyof PromptTexts>
  model: string
  /**
   * It is cancelled, as users cancel theirs, after this many thousandths of its certified time; null: never.
   */
  cancelAtPermille: number | null
}

/**
 * @param label identifies the request, for example `challenge/{round}/{place}`
 * @param hotkey the prover it is sent to
 */
export function drawRequest(
  input: RequestInput,
  source: DrawSource,
  label: string,
  hotkey: string,
): DrawnRequest {
  const shapes = shapesOf(input)
  const { negativePrompt, cancelled, ...shape } =
    shapes[drawInteger(source, `${label}/shape`, shapes.length)]!
  return {
    requestId: requestIdFromBytes(drawBytes(source, `${label}/id`, 16)),
    prompt: drawPromptFor(source, label, input, { hotkey, negativePrompt }),
    params: { ...shape, seed: drawInteger(source, `${label}/seed`, SEED_MAX + 1) },
    model: input.model.name,
    cancelAtPermille: cancelled ? drawInteger(source, `${label}/cancel`, 1000) : null,
  }
}

/** The body to send, without its deadline. */
export function requestBody(drawn: DrawnRequest, texts: PromptTexts): UndatedBody {
  const { prompt, negativePrompt } = texts
  return generationBody(
    { ...drawn.params, prompt, negativePrompt },
    { request_id: drawn.requestId, model: drawn.model },
  )
}
