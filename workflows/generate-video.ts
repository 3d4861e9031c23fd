import { isCancellation, proxyActivities, setCurrentDetails, sleep } from '@temporalio/workflow'
import type { InferenceActivities } from '../activities/inference-activities.js'
import { describeFailure } from './failure.js'
import { ENDLESS } from './retries.js'

export interface VideoInput {
  readonly jobId: string
}

/** How many provers may fail one request; each attempt is an outcome of its prover. */
const MAX_FAILURES = 4
/** How long to wait while nobody is free, and how often: two minutes in all. */
const WAIT_SECONDS = 2
const MAX_WAITS = 60

/** One user's request, from its job row to its stored video. Prompts stay in the ledger: history has ids only. */
export async function generateVideo(input: VideoInput): Promise<{ status: string }> {
  const act = proxyActivities<InferenceActivities>({
    // A generation's own deadline is far shorter; this one ends a worker that hangs.
    startToCloseTimeout: '2 hours',
    // Tells a killed worker from a slow prover: the activity beats every second.
    heartbeatTimeout: '5 s',
    retry: ENDLESS,
  })
  const fail = async (code: Parameters<typeof act.failVideo>[0]['code']) => {
    await act.failVideo({ ...input, code })
    return { status: 'failed' }
  }
  try {
    const reasons: (string | undefined)[] = []
    let waits = 0
    for (let attempt = 1; ; ) {
      const result = await act.attemptVideo.executeWithOptions({ summary: `attempt ${attempt}` }, [
        { ...input, attempt },
      ])
      setCurrentDetails(`attempt ${attempt}: ${result.kind} ${result.reason ?? ''}`)
      switch (result.kind) {
        case 'answered':
          await act.finishVideo.executeWithOptions({ summary: 'encode and store' }, [input])
          return { status: 'completed' }
        case 'cancelled':
          return { status: 'cancelled' }
        case 'failed_over':
          attempt += 1
          reasons.push(result.reason)
          if (reasons.length < MAX_FAILURES) break
          return fail(
            reasons.every((reason) => reason === 'invalid_request')
              ? 'invalid_request'
              : 'generation_failed',
          )
        case 'refused':
        case 'no_prover':
          if (result.kind === 'refused') attempt += 1
          waits += 1
          if (waits > MAX_WAITS) return fail('no_prover_available')
          await sleep(WAIT_SECONDS * 1000)
          break
      }
    }
  } catch (error) {
    if (isCancellation(error)) throw error
    setCurrentDetails(`failed: ${describeFailure(error).type}`)
    return fail('internal_error')
  }
}
