import { workOf } from '../../formats/generation.js'
import type { WorkShape } from '../../formats/video-shape.js'
import { SHAPE_WORK_FACTOR } from '../constants.js'

/** The users' requests that challenges are made to look like. */
export function shapingRequests<R extends WorkShape & { counted: boolean }>(
  recent: readonly R[],
  standard: WorkShape,
): R[] {
  const most = SHAPE_WORK_FACTOR * workOf(standard)
  return recent.filter((request) => request.counted && workOf(request) <= most)
}
