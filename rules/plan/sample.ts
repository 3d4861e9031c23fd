import { type DrawSource, drawInteger } from '../../formats/draws.js'
import { STALE_SHARE_DIVISOR } from '../constants.js'
import { compareText } from '../order.js'
import type { ProverKey } from '../settle/settlement.js'

/** A prover with room, which may be sampled. */
export interface SampleCandidate extends ProverKey {
  /**
   * Its last full check (a challenge or an audit): the interval, and the moment in it; null if it never had
   * one.
   */
  lastFullCheck: { n: number; momentMs: number } | null
}

/**
 * Draws a round's sample. Each place is drawn, with probability 1/2, uniformly among the candidates not in it
 * yet, otherwise uniformly among the quarter of them whose last full check is longest ago. So a prover that
 * was just checked is not safe, and none is forgotten. If there are fewer candidates than places, all are
 * taken.
 * @param label identifies the round
 */
export function drawSample<C extends SampleCandidate>(
  source: DrawSource,
  label: string,
  candidates: readonly C[],
  size: number,
): C[] {
  const left = [...candidates].sort(stalestFirst)
  const sample: C[] = []
  for (let k = 0; k < size && left.length > 0; k++) {
    const anyone = drawInteger(source, `${label}/place/${k}/half`, 2) === 0
    const among = anyone ? left.length : Math.ceil(left.length / STALE_SHARE_DIVISOR)
    sample.push(...left.splice(drawInteger(source, `${label}/place/${k}`, among), 1))
  }
  return sample
}

/** Never checked comes first; ties are ordered by hotkey. */
function stalestFirst(a: SampleCandidate, b: SampleCandidate): number {
  const { lastFullCheck: one } = a
  const { lastFullCheck: other } = b
  if (one !== null && other !== null) {
    const difference = one.n - other.n || one.momentMs - other.momentMs
    if (difference !== 0) return difference
  } else if (one !== null || other !== null) return one === null ? -1 : 1
  return compareText(a.hotkey, b.hotkey) || a.registeredBlock - b.registeredBlock
}
