import { createAskRound } from './ask-round.js'
import { createAwaitBlock } from './await-block.js'
import { createAwaitTurn } from './await-turn.js'
import { createCloseInterval } from './close-interval.js'
import { withTypedFailures } from './failures.js'
import { createJudge } from './judge.js'
import { createNextInterval } from './next-interval.js'
import { createNoteFailure } from './note-failure.js'
import { createOpenInterval } from './open-interval.js'
import { createSetWeights } from './set-weights.js'
import { createSettleInterval } from './settle-interval.js'
import { createSignRecord } from './sign-record.js'
import type { VerifierDeps } from './verifier-deps.js'

/** All that the workflows of the queue `verifier` call; every one may be repeated at any moment. */
export function createVerifierActivities(deps: VerifierDeps) {
  return {
    nextInterval: withTypedFailures(createNextInterval(deps), { always: true }),
    awaitBlock: withTypedFailures(createAwaitBlock(deps), { always: true }),
    openInterval: withTypedFailures(createOpenInterval(deps)),
    askRound: withTypedFailures(createAskRound(deps)),
    judge: withTypedFailures(createJudge(deps)),
    closeInterval: withTypedFailures(createCloseInterval(deps)),
    awaitTurn: withTypedFailures(createAwaitTurn(deps)),
    settleInterval: withTypedFailures(createSettleInterval(deps)),
    setWeights: withTypedFailures(createSetWeights(deps)),
    signRecord: withTypedFailures(createSignRecord(deps)),
    noteFailure: withTypedFailures(createNoteFailure(deps)),
  }
}

export type VerifierActivities = ReturnType<typeof createVerifierActivities>
