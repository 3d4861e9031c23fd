import type { ApiDeps } from './deps.js'
import type { ApiMetrics } from './http-metrics.js'
import type { Operation } from './operation.js'
import { videoContentOperation } from './video-content.js'
import { createVideoOperation } from './video-create.js'
import { videoDeps } from './video-deps.js'
import { videoEventsOperation } from './video-events.js'
import { videoFrameOperation } from './video-frames.js'
import { videoLifeOperations } from './video-life.js'
import { listVideosOperation } from './video-list.js'
import { videoReceiptOperation } from './video-receipt.js'

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
