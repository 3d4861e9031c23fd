import { canonicalJson } from '../../formats/canonical-json.js'
import { compareText } from '../order.js'
import type { RequestInput, RequestShape } from './plan-types.js'

/** The shapes that requests imitate, sorted, so that draws do not depend on the order of rows in a table. */
export function shapesOf({
  recentRequests,
  model,
}: Pick<RequestInput, 'recentRequests' | 'model'>): RequestShape[] {
  const { name: _, ...standard } = model
  if (recentRequests.length === 0) return [{ ...standard, negativePrompt: false, cancelled: false }]
  return recentRequests
    .map((shape) => ({ shape, text: canonicalJson({ ...shape }) }))
    .sort((a, b) => compareText(a.text, b.text))
    .map(({ shape }) => shape)
}
