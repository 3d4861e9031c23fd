import type { ApiDeps } from '../deps.js'
import type { ApiMetrics } from '../http/metrics.js'
import type { Operation } from '../http/operation.js'
import { videoContentOperation } from './content.js'
import { createVideoOperation } from './create/create.js'
import { videoDeps } from './deps.js'
import { videoLifeOperations } from './get-cancel-delete.js'
import { listVideosOperation } from './list.js'
import { videoReceiptOperation } from './receipt.js'
import { videoEventsOperation } from './watch/events.js'
import { videoFrameOperation } from './watch/frames.js'

/** `/v1/videos`: ask, look, watch, download, cancel, delete. */
export function videoOperations(deps: ApiDeps, measured: ApiMetrics): Operation[] {
  const shared = videoDeps(deps, measured)
  return [
    createVideoOperation(shared),
    listVideosOperation(deps),
    ...videoLifeOperations(deps),
    videoEventsOperation(shared),
    videoContentOperation(deps),
    videoFrameOperation(deps),
    videoReceiptOperation(deps),
  ]
}
