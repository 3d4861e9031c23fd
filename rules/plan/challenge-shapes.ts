import { workOf } from '../../formats/generation.js'
import { SHAPE_WORK_FACTOR } from '../constants.js'
import type { CountedShape } from '../settle/counted.js'

/** Those of users' requests that challenges are made to look like. */
export function shapingRequests<R extends CountedShape & { counted: boolean }>(
  recent: readonly R[],
  standard: CountedShape,
): R[] {
  const most = SHAPE_WORK_FACTOR * workOf(standard)
  return recent.filter((request) => request.counted && workOf(request) <= most)
}
