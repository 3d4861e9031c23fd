import type { Reason } from '../verdicts.js'
import { beyondApiKeyCaps } from './api-key-caps.js'
import type { AnswerRow, CheckRow } from './settlement.js'

/** What one prover did in an interval, as far as it counts. */
export interface Tally {
  requestAttempts: number
  requestSuccesses: number
  checksJudged: number
  checksPassed: number
  challengesPassed: number
  /** Answers found to be cheats. */
  cheats: number
  /** Reasons of all that failed: counted requests and validations. */
  failureReasons: Reason[]
  /** Users' requests within the caps: counted successes, and failures whether counted or not. */
  attempts: AnswerRow[]
  /** Users' requests that pay and cost nothing: uncounted ones that were delivered, and what is beyond the caps. */
  uncheckable: ReadonlySet<string>
  /** All rows of answers whose time counts. */
  timed: AnswerRow[]
  /** Checks that pay or cost, of every kind. */
  checks: CheckRow[]
}

/** Counts one prover's rows; the rows' order does not matter. */
export function tallyProver(answers: readonly AnswerRow[], checks: readonly CheckRow[]): Tally {
  const cheatIds = new Set(checks.filter((c) => c.verdict === 'cheat').map((c) => c.requestId))
  const blameless = new Set(checks.filter(isOwnFault).map((c) => c.requestId))
  const requests = answers.filter((row) => row.kind === 'inference')
  const weighing = requests.filter((row) => isAttempt(row) && !blameless.has(row.requestId))
  const beyond = beyondApiKeyCaps(weighing)
  const attempts = weighing.filter((row) => !beyond.has(row.requestId))
  const judged = checks.filter((check) => checkCounts(check, beyond))
  const weighed = new Set(attempts.map((row) => row.requestId))
  const validations = judged.filter((check) => check.kind !== 'answer')
  const passed = validations.filter((check) => check.verdict === 'pass')
  const successes = attempts.filter((row) => row.outcome === 'success')
  const challenges = answers.filter((row) => row.kind === 'challenge' && row.outcome === 'success')
  // A standing cheat voids the interval's successes: they count nowhere, in speed neither.
  const stands = cheatIds.size === 0
  return {
    requestAttempts: attempts.length,
    requestSuccesses: stands ? successes.length : 0,
    checksJudged: validations.length,
    checksPassed: passed.length,
    challengesPassed: stands ? passed.filter((check) => check.kind === 'challenge').length : 0,
    cheats: cheatIds.size,
    failureReasons: [
      ...attempts.filter((row) => row.outcome === 'failure'),
      ...judged.filter((check) => check.verdict !== 'pass'),
    ].map((row) => row.reason),
    attempts,
    uncheckable: new Set(
      requests.map((row) => row.requestId).filter((requestId) => !weighed.has(requestId)),
    ),
    timed: stands ? [...successes, ...challenges] : [],
    checks: judged,
  }
}

/** An uncounted request counts for nothing, except that its failure is one (mechanism.md section 8). */
function isAttempt(row: AnswerRow): boolean {
  return row.outcome === 'failure' || (row.counted && row.outcome === 'success')
}

/** The caller found that it lost the answer itself: then the request counts for nobody. */
function isOwnFault(check: CheckRow): boolean {
  return check.kind === 'answer' && check.verdict === 'abstained'
}

/** Abstained ones count for nobody. A failure beyond the caps is neutral, and the row about it too. */
function checkCounts(check: CheckRow, beyond: ReadonlySet<string>): boolean {
  if (check.verdict === 'abstained') return false
  return check.kind !== 'answer' || !beyond.has(check.requestId)
}
