import { createAttemptVideo } from './attempt-video.js'
import { createFailVideo } from './fail-video.js'
import { withTypedFailures } from './failures.js'
import { createFinishVideo } from './finish-video.js'
import type { InferenceDeps } from './inference-deps.js'

/** All that the workflows of the queue `inference` call; every one may be repeated at any moment. */
export function createInferenceActivities(deps: InferenceDeps) {
  return {
    attemptVideo: withTypedFailures(createAttemptVideo(deps)),
    finishVideo: withTypedFailures(createFinishVideo(deps)),
    failVideo: withTypedFailures(createFailVideo(deps)),
  }
}

export type InferenceActivities = ReturnType<typeof createInferenceActivities>
