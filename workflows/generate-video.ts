import {
  CancellationScope,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  sleep,
} from '@temporalio/workflow'
import type { InferenceActivities } from '../activities/inference-activities.js'
import { afterAttempt, FIRST_ATTEMPT } from '../rules/routing/video-run.js'
import { describeFailure } from './failure.js'
import { ENDLESS } from './retries.js'

export interface VideoInput {
  readonly jobId: string
}

/**
 * One user's request, from its job row to its stored video. Prompts stay in the ledger; the history only has
 * ids.
 */
export async function generateVideo(input: VideoInput): Promise<{ status: string }> {
  const act = proxyActivities<InferenceActivities>({
    // A generation's own deadline is far shorter; this timeout is for a worker that hangs.
    startToCloseTimeout: '2 hours',
    // Distinguishes a killed worker from a slow prover: the activity sends a heartbeat every second.
    heartbeatTimeout: '5 s',
    retry: ENDLESS,
  })
  const fail = async (code: Parameters<typeof act.failVideo>[0]['code']) => {
    await act.failVideo({ ...input, code })
    return { status: 'failed' }
  }
  try {
    for (let run = FIRST_ATTEMPT; ; ) {
      const { attempt } = run
      const result = await act.attemptVideo.executeWithOptions({ summary: `attempt ${attempt}` }, [
        { ...input, attempt },
      ])
      setCurrentDetails(`attempt ${attempt}: ${result.kind} ${result.reason ?? ''}`)
      const step = afterAttempt(run, result)
      switch (step.do) {
        case 'finish':
          // What an attempt says is in its history: those of before say nothing, and go on as they did.
          if (!step.finished) {
            await act.finishVideo.executeWithOptions({ summary: 'encode and store' }, [input])
          }
          return { status: 'completed' }
        case 'end':
          return { status: 'cancelled' }
        case 'fail':
          return fail(step.code)
        case 'wait':
          await sleep(step.ms)
          run = step.run
          break
        case 'attempt':
          run = step.run
      }
    }
  } catch (error) {
    if (isCancellation(error)) {
      // An operator cancelled the workflow: nothing else would ever end the job.
      await CancellationScope.nonCancellable(() => fail('stopped'))
      throw error
    }
    setCurrentDetails(`failed: ${describeFailure(error).type}`)
    return fail('internal_error')
  }
}
