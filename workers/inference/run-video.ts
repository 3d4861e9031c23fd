import { setTimeout as sleep } from 'node:timers/promises'
import type { InferenceDeps } from '../../activities/inference-deps.js'
import { attemptVideo, type KnownOfJob } from '../../activities/video/attempt-video.js'
import { createFailVideo } from '../../activities/video/fail-video.js'
import { finishVideo } from '../../activities/video/finish-video.js'
import { afterAttempt, FIRST_ATTEMPT } from '../../rules/routing/video-run.js'

/**
 * Runs a job from its row to its end, as the workflow `generateVideo` does, without Temporal in
 * between: the same attempts, decided by the same rule. Wherever it is stopped, the workflow can continue
 * the job: every step may be repeated.
 * @param signal gives up: another worker continues
 * @param known as for the first `attemptVideo`
 * @throws what an activity would throw, and the signal's reason
 */
export async function runVideo(
  deps: InferenceDeps,
  jobId: string,
  signal: AbortSignal,
  known?: KnownOfJob,
): Promise<void> {
  for (let run = FIRST_ATTEMPT, first = known; ; first = undefined) {
    const input = { jobId, attempt: run.attempt }
    const end = await attemptVideo(deps, input, signal, () => undefined, first)
    signal.throwIfAborted()
    const step = afterAttempt(run, end)
    switch (step.do) {
      case 'finish':
        return step.finished ? undefined : finishVideo(deps, { jobId })
      case 'end':
        return
      case 'fail':
        return createFailVideo(deps)({ jobId, code: step.code })
      case 'wait':
        await waitUnlessCancelled(deps, jobId, step.ms, signal)
        run = step.run
        break
      case 'attempt':
        run = step.run
    }
  }
}

/** A user's cancel ends the wait: the next attempt finds it. */
async function waitUnlessCancelled(
  deps: InferenceDeps,
  jobId: string,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const cancel = deps.jobs.watchCancel(jobId, signal)
  try {
    await sleep(ms, undefined, { signal: cancel.signal }).catch(() => undefined)
    signal.throwIfAborted()
  } finally {
    cancel.stop()
  }
}
