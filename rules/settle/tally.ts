import type { Reason } from '../verdicts.js'
import { beyondApiKeyCaps } from './api-key-caps.js'
import type { AnswerRow, CheckRow } from './settlement.js'

/** What one prover did in an interval that counts. */
export interface Tally {
  requestAttempts: number
  requestSuccesses: number
  checksJudged: number
  checksPassed: number
  /** Challenges, and spot checks of wide requests, passed: they add to the total like users' requests. */
  ownPassed: number
  /** Answers found to be cheats. */
  cheats: number
  /** Reasons of everything that failed: users' requests, wide requests and validations. */
  failureReasons: Reason[]
  /** Users' requests within the caps: counted successes, and failures whether counted or not. */
  attempts: AnswerRow[]
  /**
   * Requests, except challenges, that pay and cost nothing: uncounted ones that were delivered, those beyond
   * the caps, lost ones.
   */
  uncheckable: ReadonlySet<string>
  /** Requests of wide rounds that were delivered or failed. */
  wide: AnswerRow[]
  /** Requests whose answers the verifier itself lost. */
  lost: ReadonlySet<string>
  /** Checks that pay or cost, of every kind. */
  checks: CheckRow[]
}

/** Counts one prover's rows; their order does not matter. */
export function tallyProver(answers: readonly AnswerRow[], checks: readonly CheckRow[]): Tally {
  const cheatIds = new Set(checks.filter((c) => c.verdict === 'cheat').map((c) => c.requestId))
  const lost = new Set(checks.filter(isOwnFault).map((c) => c.requestId))
  const requests = answers.filter((row) => row.kind === 'inference')
  const weighing = requests.filter((row) => isAttempt(row) && !lost.has(row.requestId))
  const beyond = beyondApiKeyCaps(weighing)
  const attempts = weighing.filter((row) => !beyond.has(row.requestId))
  const judged = checks.filter((check) => checkCounts(check, beyond))
  const validations = judged.filter((check) => check.kind !== 'answer')
  const passed = validations.filter((check) => check.verdict === 'pass')
  const successes = attempts.filter((row) => row.outcome === 'success')
  const wide = answers.filter(
    (row) =>
      row.kind === 'wide' &&
      (row.outcome === 'success' || row.outcome === 'failure') &&
      !lost.has(row.requestId),
  )
  const weighed = new Set([...attempts, ...wide].map((row) => row.requestId))
  // A cheat voids the interval's successes: they count for nothing.
  const stands = cheatIds.size === 0
  return {
    requestAttempts: attempts.length,
    requestSuccesses: stands ? successes.length : 0,
    checksJudged: validations.length,
    checksPassed: passed.length,
    ownPassed: stands ? passed.filter(addsToTotal).length : 0,
    cheats: cheatIds.size,
    failureReasons: [
      ...[...attempts, ...wide].filter((row) => row.outcome === 'failure'),
      ...judged.filter((check) => check.verdict !== 'pass'),
    ].map((row) => row.reason),
    attempts,
    uncheckable: new Set(
      answers
        .filter((row) => row.kind !== 'challenge' && !weighed.has(row.requestId))
        .map((row) => row.requestId),
    ),
    wide,
    lost,
    checks: judged,
  }
}

function addsToTotal({ kind, requestKind }: CheckRow): boolean {
  return kind === 'challenge' || (kind === 'spotcheck' && requestKind === 'wide')
}

/** An uncounted request counts for nothing, but its failure is a failure (mechanism.md section 8). */
function isAttempt(row: AnswerRow): boolean {
  return row.outcome === 'failure' || (row.counted && row.outcome === 'success')
}

/** The caller itself lost the answer: then the request counts for nobody. */
function isOwnFault(check: CheckRow): boolean {
  return check.kind === 'answer' && check.verdict === 'abstained'
}

/** Abstained checks count for nobody. A failure beyond the caps is neutral, and so is its check. */
function checkCounts(check: CheckRow, beyond: ReadonlySet<string>): boolean {
  if (check.verdict === 'abstained') return false
  return check.kind !== 'answer' || !beyond.has(check.requestId)
}
