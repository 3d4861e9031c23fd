import type { ApiDeps } from '../deps.js'
import type { Operation } from '../http/operation.js'
import { NetworkAnswers } from './answer-cache.js'
import { auditsOperation } from './audits.js'
import { evidenceOperation } from './evidence.js'
import { intervalOperation } from './interval.js'
import { intervalsOperation } from './intervals.js'
import { proverOperation } from './prover.js'
import { proversOperation } from './provers.js'
import { readSemaphore } from './read-semaphore.js'
import { recordOperation } from './record.js'
import { recordsOperation } from './records.js'
import { retryOperation } from './retry.js'
import { summaryOperation } from './summary.js'
import { tiersOperation } from './tiers.js'

/** `/v1/network`: what the verifier found; no prompts. */
export function networkOperations(deps: ApiDeps): Operation[] {
  const semaphore = readSemaphore()
  const answers = new NetworkAnswers(deps, semaphore)
  return [
    summaryOperation(deps, answers),
    proversOperation(deps, answers),
    proverOperation(deps, answers),
    tiersOperation(deps, answers),
    intervalsOperation(deps, answers),
    intervalOperation(deps, answers),
    recordsOperation(deps, answers),
    recordOperation(deps, semaphore),
    auditsOperation(deps, answers),
    evidenceOperation(deps, semaphore),
    retryOperation(deps),
  ]
}
