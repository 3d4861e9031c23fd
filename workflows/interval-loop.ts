import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common'
import {
  continueAsNew,
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  startChild,
  workflowInfo,
} from '@temporalio/workflow'
import type { VerifierActivities } from '../activities/verifier-activities.js'
import { intervalNoKey, netuidKey, phaseKey } from '../temporal/search-attributes.js'
import { ENDLESS } from './retries.js'
import { verifyInterval } from './verify-interval.js'

/** The verifier, and the last interval that was started (0: none). */
export interface LoopInput {
  readonly netuid: number
  readonly verifier: string
  readonly after: number
}

/** Intervals started in one run: keeps the history small (about eight events each). */
const INTERVALS_PER_RUN = 100

/** Follows the finalized blocks and starts one `verifyInterval` per interval, forever. */
export async function intervalLoop(input: LoopInput): Promise<never> {
  // The wait for the next interval's first block: as long as it takes.
  const wait = proxyActivities<VerifierActivities>({
    startToCloseTimeout: '1 day',
    heartbeatTimeout: '10 s',
    retry: ENDLESS,
  })
  let after = input.after
  for (let started = 0; started < INTERVALS_PER_RUN; started += 1) {
    if (workflowInfo().continueAsNewSuggested) break
    const next = await wait.nextInterval.executeWithOptions(
      { summary: `interval after ${after}` },
      [{ after }],
    )
    const { n, firstBlock, length, settings } = next
    try {
      await startChild(verifyInterval, {
        workflowId: next.workflowId,
        args: [
          { netuid: input.netuid, verifier: input.verifier, n, firstBlock, length, ...settings },
        ],
        // An interval must survive when this loop continues as new; the default would terminate it.
        parentClosePolicy: ParentClosePolicy.ABANDON,
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        typedSearchAttributes: [
          { key: netuidKey, value: input.netuid },
          { key: intervalNoKey, value: next.n },
          { key: phaseKey, value: 'open' },
        ],
        staticSummary: `interval ${next.n}: blocks ${next.firstBlock} to ${next.firstBlock + next.length - 1}`,
      })
    } catch (error) {
      // A restarted loop may find an interval that the previous loop started.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error
    }
    after = next.n
    setCurrentDetails(`started interval ${after}; waiting for the next first block`)
  }
  return continueAsNew<typeof intervalLoop>({ ...input, after })
}
