import { API_KEY_FLOOR, API_KEY_SHARE_DIVISOR } from '../constants.js'
import { compareText } from '../order.js'
import type { AnswerRow } from './settlement.js'

/**
 * Request ids of one prover that exceed what one API key may count: at most max(20, floor(S/10)) of the
 * prover's S eligible successes, in order of completion (time, request id); the same for failures. The excess
 * is neutral. Requests without a key count as one key.
 * @param answers the prover's counted inference rows
 */
export function beyondApiKeyCaps(answers: readonly AnswerRow[]): Set<string> {
  const beyond = new Set<string>()
  for (const outcome of ['success', 'failure'] as const) {
    const eligible = answers
      .filter((row) => row.outcome === outcome)
      .sort((a, b) => a.completedAtUs - b.completedAtUs || compareText(a.requestId, b.requestId))
    const cap = Math.max(API_KEY_FLOOR, Math.floor(eligible.length / API_KEY_SHARE_DIVISOR))
    const counts = new Map<string | null, number>()
    for (const row of eligible) {
      const count = (counts.get(row.apiKeyId) ?? 0) + 1
      counts.set(row.apiKeyId, count)
      if (count > cap) beyond.add(row.requestId)
    }
  }
  return beyond
}
