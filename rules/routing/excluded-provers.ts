import { isOwnFault } from '../judge/own-failure.js'
import type { AnswerRow } from '../settle/settlement.js'

/** An earlier attempt at a request. */
export interface EarlierAttempt {
  hotkey: string
  /** Null while it is in progress. */
  outcome: AnswerRow['outcome'] | null
  reason: AnswerRow['reason'] | null
}

/**
 * The provers that a request's next attempt excludes: those that failed it or are working on it. One that was
 * only outpaced, or not asked through a fault of ours, may be asked again; so may one that refused, once it has
 * cooled down.
 */
export function excludedProvers(attempts: readonly EarlierAttempt[]): string[] {
  return attempts
    .filter(({ outcome }) => outcome !== 'refused')
    .filter(({ reason }) => reason !== 'outpaced' && !isOwnFault(reason))
    .map(({ hotkey }) => hotkey)
}
