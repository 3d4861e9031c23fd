import type { InferenceDeps } from './inference-deps.js'
import { createAskRound } from './rounds/ask-round.js'
import { createAskWide } from './rounds/ask-wide.js'
import { withTypedFailures } from './shared/typed-failures.js'
import { createAttemptVideo } from './video/attempt-video.js'
import { createFailVideo } from './video/fail-video.js'
import { createFinishVideo } from './video/finish-video.js'

/** All activities of the queue `inference`; each is idempotent and may be retried at any time. */
export function createInferenceActivities(deps: InferenceDeps) {
  return {
    attemptVideo: withTypedFailures(createAttemptVideo(deps)),
    finishVideo: withTypedFailures(createFinishVideo(deps)),
    failVideo: withTypedFailures(createFailVideo(deps)),
    askRound: withTypedFailures(
      createAskRound(deps, {
        among: () => deps.routes.among(deps.block(), deps.random),
        hold: (hotkeys) => deps.routes.hold(hotkeys),
      }),
    ),
    askWide: withTypedFailures(createAskWide(deps)),
  }
}

export type InferenceActivities = ReturnType<typeof createInferenceActivities>
