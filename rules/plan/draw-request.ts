import { type DrawSource, drawBytes, drawInteger } from '../../formats/draws.js'
import { generationBody, SEED_MAX, type UndatedBody } from '../../formats/generation.js'
import { requestIdFromBytes } from '../../formats/request-id.js'
import type { RequestInput } from './plan-types.js'
import { drawNegativePrompt, drawPrompt } from './prompts.js'
import { shapesOf } from './request-shapes.js'

/** A request of the verifier's own: in nothing different from a user's. */
export interface DrawnRequest {
  requestId: string
  body: UndatedBody
  /** It is cancelled, as users cancel theirs, after so many thousandths of its certified time; null: it is not. */
  cancelAtPermille: number | null
}

/** @param label of the one request, as `challenge/{round}/{place}` */
export function drawRequest(input: RequestInput, source: DrawSource, label: string): DrawnRequest {
  const shapes = shapesOf(input)
  const shape = shapes[drawInteger(source, `${label}/shape`, shapes.length)]!
  const prompts = input.prompts
  const prompt =
    prompts.length === 0
      ? drawPrompt(source, `${label}/prompt`)
      : prompts[drawInteger(source, `${label}/prompt`, prompts.length)]!
  const requestId = requestIdFromBytes(drawBytes(source, `${label}/id`, 16))
  const seed = drawInteger(source, `${label}/seed`, SEED_MAX + 1)
  const negativePrompt = shape.negativePrompt ? drawNegativePrompt(source, `${label}/negative`) : ''
  return {
    requestId,
    body: generationBody(
      { ...shape, prompt, negativePrompt, seed },
      { request_id: requestId, model: input.model.name },
    ),
    cancelAtPermille: shape.cancelled ? drawInteger(source, `${label}/cancel`, 1000) : null,
  }
}
