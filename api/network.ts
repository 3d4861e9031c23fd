import { AtOnce } from './at-once.js'
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

/**
 * Answers that are made at once, of all callers together: they need no key, so without a bound they could take
 * every connection to Postgres from those who have one. More than 256 who wait would wait too long.
 */
const AT_ONCE = { running: 4, waiting: 256 }

/** `/v1/network`: what the verifier found; no prompts. */
export function networkOperations(deps: ApiDeps): Operation[] {
  const turns = new AtOnce(AT_ONCE)
  const answers = new NetworkAnswers(deps, turns)
  return [
    summaryOperation(deps, answers),
    proversOperation(deps, answers),
    proverOperation(deps, answers),
    tiersOperation(deps, answers),
    intervalsOperation(deps, answers),
    intervalOperation(deps, answers),
    recordOperation(deps, turns),
    retryOperation(deps),
  ]
}
