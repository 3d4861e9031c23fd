import type { AnswerRow } from '../settle/settlement.js'

/** An earlier attempt at a request. */
export interface EarlierAttempt {
  hotkey: string
  /** Null while it is under way. */
  outcome: AnswerRow['outcome'] | null
  reason: AnswerRow['reason'] | null
}

/**
 * The provers that a request's next attempt leaves out: those that failed it or are at it. One that was
 * only outpaced, or refused our clock, may be asked again; so may one that refused, once it is not left
 * alone any more.
 */
export function excludedProvers(attempts: readonly EarlierAttempt[]): string[] {
  return attempts
    .filter(({ outcome }) => outcome !== 'refused')
    .filter(({ reason }) => reason !== 'outpaced' && reason !== 'own_clock')
    .map(({ hotkey }) => hotkey)
}
