import { REFUSED_PAUSE_MS } from '../constants.js'
import type { AnswerRow } from '../settle/settlement.js'

/** An earlier attempt at a request. */
export interface EarlierAttempt {
  hotkey: string
  /** Null while it is under way. */
  outcome: AnswerRow['outcome'] | null
  reason: AnswerRow['reason'] | null
  completedAt: Date | null
}

/**
 * The provers that a request's next attempt leaves out: those that failed it or are at it, and those
 * that refused it a moment ago. One that was only outpaced may be asked again.
 * @param now milliseconds since 1970
 */
export function leftOut(attempts: readonly EarlierAttempt[], now: number): string[] {
  return attempts
    .filter(({ reason }) => reason !== 'outpaced')
    .filter(({ outcome, completedAt }) => {
      const since = completedAt === null ? 0 : now - completedAt.getTime()
      return outcome !== 'refused' || since < REFUSED_PAUSE_MS
    })
    .map(({ hotkey }) => hotkey)
}
