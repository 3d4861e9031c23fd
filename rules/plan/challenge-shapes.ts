import { workOf } from '../../formats/generation.js'
import type { WorkShape } from '../../formats/video-shape.js'
import { CANCELLED_SHARE_DIVISOR, SHAPE_WORK_FACTOR } from '../constants.js'

/**
 * The users' requests that challenges are made to look like. At most a tenth of them keep that they were cancelled: a
 * cancelled check shows nothing, so whoever cancels many, or the only one that there is, must not switch checks off.
 */
export function shapingRequests<R extends WorkShape & { counted: boolean; cancelled: boolean }>(
  recent: readonly R[],
  standard: WorkShape,
): R[] {
  const most = SHAPE_WORK_FACTOR * workOf(standard)
  const shaping = recent.filter((request) => request.counted && workOf(request) <= most)
  let left = Math.floor(shaping.length / CANCELLED_SHARE_DIVISOR)
  return shaping.map((request) => {
    if (!request.cancelled) return request
    left -= 1
    return left >= 0 ? request : { ...request, cancelled: false }
  })
}
