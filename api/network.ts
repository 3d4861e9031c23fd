import type { ApiDeps } from './deps.js'
import { NetworkAnswers } from './network-answer.js'
import { intervalOperation } from './network-interval.js'
import { intervalsOperation } from './network-intervals.js'
import { proverOperation } from './network-prover.js'
import { proversOperation } from './network-provers.js'
import { recordOperation } from './network-record.js'
import { retryOperation } from './network-retry.js'
import { summaryOperation } from './network-summary.js'
import { tiersOperation } from './network-tiers.js'
import type { Operation } from './operation.js'

/** `/v1/network`: what the verifier found; no prompts. */
export function networkOperations(deps: ApiDeps): Operation[] {
  const answers = new NetworkAnswers(deps)
  return [
    summaryOperation(deps, answers),
    proversOperation(deps, answers),
    proverOperation(deps, answers),
    tiersOperation(deps, answers),
    intervalsOperation(deps, answers),
    intervalOperation(deps, answers),
    recordOperation(deps),
    retryOperation(deps),
  ]
}
