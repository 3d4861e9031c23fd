import { createCloseInterval } from './interval/close-interval.js'
import { createNextInterval } from './interval/next-interval.js'
import { createOpenInterval } from './interval/open-interval.js'
import { createRecordFailure } from './interval/record-failure.js'
import { createSettleInterval } from './interval/settle-interval.js'
import { createSignRecord } from './interval/sign-record.js'
import { createWaitForBlock } from './interval/wait-for-block.js'
import { createWaitForTurn } from './interval/wait-for-turn.js'
import { createFetchOpenings } from './judging/fetch-openings.js'
import { createGiveVerdicts } from './judging/give-verdicts.js'
import { createAskRound } from './rounds/ask-round.js'
import { withTypedFailures } from './shared/typed-failures.js'
import type { VerifierDeps } from './verifier-deps.js'
import { createSetWeights } from './weights/set-weights.js'

/** All activities of the queue `verifier`; each is idempotent and may be retried at any time. */
export function createVerifierActivities(deps: VerifierDeps) {
  return {
    nextInterval: withTypedFailures(createNextInterval(deps), { always: true }),
    awaitBlock: withTypedFailures(createWaitForBlock(deps), { always: true }),
    openInterval: withTypedFailures(createOpenInterval(deps)),
    // For intervals begun by a version in which the verifier itself asked the provers; now inference workers
    // do.
    askRound: withTypedFailures(createAskRound(deps, null)),
    fetchOpenings: withTypedFailures(createFetchOpenings(deps)),
    judge: withTypedFailures(createGiveVerdicts(deps)),
    closeInterval: withTypedFailures(createCloseInterval(deps)),
    awaitTurn: withTypedFailures(createWaitForTurn(deps)),
    settleInterval: withTypedFailures(createSettleInterval(deps)),
    setWeights: withTypedFailures(createSetWeights(deps)),
    signRecord: withTypedFailures(createSignRecord(deps)),
    noteFailure: withTypedFailures(createRecordFailure(deps)),
  }
}

export type VerifierActivities = ReturnType<typeof createVerifierActivities>
