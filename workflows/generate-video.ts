import { isCancellation, proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow'
import type { InferenceActivities } from '../activities/inference-activities.js'
import { describeFailure } from './failure.js'
import { ENDLESS } from './retries.js'

export interface VideoInput {
  readonly jobId: string
}

/** How many provers are tried for one request; each attempt is an outcome of its prover. */
const MAX_ATTEMPTS = 4
/** How long to wait when no prover is free, and how often: two minutes in all. */
const WAIT_SECONDS = 2
const MAX_WAITS = 60

/** One user's request, from its job row to its stored video. Prompts stay in the ledger: history has ids only. */
export async function generateVideo(input: VideoInput): Promise<{ status: string }> {
  const act = proxyActivities<InferenceActivities>({
    // A generation's own deadline is far shorter; this one ends a worker that hangs.
    startToCloseTimeout: '30 minutes',
    // Tells a killed worker from a slow prover: the activity beats every second.
    heartbeatTimeout: '5 s',
    retry: ENDLESS,
  })
  try {
    let waits = 0
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; ) {
      const result = await act.attemptVideo.executeWithOptions({ summary: `attempt ${attempt}` }, [
        { ...input, attempt },
      ])
      setCurrentDetails(`attempt ${attempt}: ${result.kind}`)
      switch (result.kind) {
        case 'answered':
          await act.finishVideo.executeWithOptions({ summary: 'encode and store' }, [input])
          return { status: 'completed' }
        case 'cancelled':
          return { status: 'cancelled' }
        case 'failed_over':
          attempt += 1
          break
        case 'no_prover':
          waits += 1
          if (waits > MAX_WAITS) {
            await act.failVideo({ ...input, code: 'no_prover_available' })
            return { status: 'failed' }
          }
          await sleep(WAIT_SECONDS * 1000)
          break
      }
    }
    await act.failVideo({ ...input, code: 'generation_failed' })
    return { status: 'failed' }
  } catch (error) {
    if (isCancellation(error)) throw error
    const { type } = describeFailure(error)
    setCurrentDetails(`failed: ${type}`)
    await act.failVideo({ ...input, code: 'internal_error' })
    return { status: 'failed' }
  }
}
