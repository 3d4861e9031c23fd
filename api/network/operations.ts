import type { ApiDeps } from '../deps.js'
import { AtOnce } from '../http/at-once.js'
import type { Operation } from '../http/operation.js'
import { NetworkAnswers } from './answer-cache.js'
import { intervalOperation } from './interval.js'
import { intervalsOperation } from './intervals.js'
import { proverOperation } from './prover.js'
import { proversOperation } from './provers.js'
import { recordOperation } from './record.js'
import { retryOperation } from './retry.js'
import { summaryOperation } from './summary.js'
import { tiersOperation } from './tiers.js'

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
