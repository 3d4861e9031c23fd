import { canonicalJson } from '../../formats/canonical-json.js'
import { compareText } from '../order.js'
import type { RequestInput, RequestShape } from './plan-types.js'

/** An audit asks for the same list with each of an interval's requests, and sorting it costs more than all the rest. */
const sorted = new WeakMap<readonly RequestShape[], RequestShape[]>()

/** What requests are made to look like, sorted, so that the order of rows in a table draws nothing else. */
export function shapesOf({
  recentRequests,
  model,
}: Pick<RequestInput, 'recentRequests' | 'model'>): RequestShape[] {
  const { name: _, ...standard } = model
  if (recentRequests.length === 0) return [{ ...standard, negativePrompt: false, cancelled: false }]
  const known = sorted.get(recentRequests)
  if (known !== undefined) return known
  const shapes = recentRequests
    .map((shape) => ({ shape, text: canonicalJson({ ...shape }) }))
    .sort((a, b) => compareText(a.text, b.text))
    .map(({ shape }) => shape)
  sorted.set(recentRequests, shapes)
  return shapes
}
