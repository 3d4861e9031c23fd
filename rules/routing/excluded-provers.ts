import { REFUSED_PAUSE_MS } from '../constants.js'
import type { AnswerRow } from '../settle/settlement.js'

/** An earlier attempt at a request. */
export interface EarlierAttempt {
  hotkey: string
  /** Null while it is under way. */
  outcome: AnswerRow['outcome'] | null
  reason: AnswerRow['reason'] | null
  /** Milliseconds since it ended, by the ledger's clock; null while it is under way. */
  endedMsAgo: number | null
}

/**
 * The provers that a request's next attempt leaves out: those that failed it or are at it, and those
 * that refused it a moment ago. One that was only outpaced, or refused our clock, may be asked again. A
 * refusal from the future (the clock was set back since) is past: it must not last as long as the jump.
 */
export function excludedProvers(attempts: readonly EarlierAttempt[]): string[] {
  return attempts
    .filter(({ reason }) => reason !== 'outpaced' && reason !== 'own_clock')
    .filter(
      ({ outcome, endedMsAgo }) =>
        outcome !== 'refused' ||
        (endedMsAgo !== null && endedMsAgo >= 0 && endedMsAgo < REFUSED_PAUSE_MS),
    )
    .map(({ hotkey }) => hotkey)
}
