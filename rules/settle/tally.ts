import type { Reason } from '../verdicts.js'
import { beyondApiKeyCaps } from './caps.js'
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
  /** Counted inference rows within the caps, successes and failures. */
  attempts: AnswerRow[]
  /** All rows of answers whose time counts. */
  timed: AnswerRow[]
  /** Checks that pay or cost, of every kind. */
  checks: CheckRow[]
}

/** Counts one prover's rows; the rows' order does not matter. */
export function tallyProver(answers: readonly AnswerRow[], checks: readonly CheckRow[]): Tally {
  const cheatIds = new Set(checks.filter((c) => c.verdict === 'cheat').map((c) => c.requestId))
  const blameless = new Set(checks.filter(isOwnFault).map((c) => c.requestId))
  const counted = answers.filter(
    (row) => row.kind === 'inference' && row.counted && !blameless.has(row.requestId),
  )
  const beyond = beyondApiKeyCaps(counted)
  const attempts = counted.filter((row) => isAttempt(row) && !beyond.has(row.requestId))
  const uncounted = new Set(
    answers.filter((row) => row.kind === 'inference' && !row.counted).map((row) => row.requestId),
  )
  const judged = checks.filter((check) => checkCounts(check, uncounted, beyond))
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
    timed: stands ? [...successes, ...challenges] : [],
    checks: judged,
  }
}

function isAttempt(row: AnswerRow): boolean {
  return row.outcome === 'success' || row.outcome === 'failure'
}

/** The caller found that it lost the answer itself: then the request counts for nobody. */
function isOwnFault(check: CheckRow): boolean {
  return check.kind === 'answer' && check.verdict === 'abstained'
}

/**
 * Abstained ones count for nobody. A request that does not count may be checked, but only a cheat in
 * it counts. A failure beyond the caps is neutral, and the row about it too.
 */
function checkCounts(
  check: CheckRow,
  uncounted: ReadonlySet<string>,
  beyond: ReadonlySet<string>,
): boolean {
  if (check.verdict === 'abstained') return false
  if (check.verdict === 'cheat') return true
  if (uncounted.has(check.requestId)) return false
  return check.kind !== 'answer' || !beyond.has(check.requestId)
}
