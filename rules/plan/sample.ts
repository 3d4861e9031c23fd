import { type DrawSource, drawInteger } from '../../formats/draws.js'
import { STALE_SHARE_DIVISOR } from '../constants.js'
import { compareText } from '../order.js'
import type { ProverKey } from '../settle/settlement.js'

/** A prover with room, that may be sampled. */
export interface SampleCandidate extends ProverKey {
  /** The interval of its last full check (a challenge or an audit), and the moment in it; null when it never had one. */
  lastFullCheck: { n: number; momentMs: number } | null
}

/**
 * Draws a round's sample: each place, with probability 1/2, uniformly among those that are not in it yet, else
 * uniformly among the quarter of them whose last full check is longest ago. So nobody is safe who was just
 * checked, and nobody is forgotten. Fewer candidates than places: all of them.
 * @param label of the round
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

/** Never checked comes first; equals by their hotkeys. */
function stalestFirst(a: SampleCandidate, b: SampleCandidate): number {
  const { lastFullCheck: one } = a
  const { lastFullCheck: other } = b
  if (one !== null && other !== null) {
    const difference = one.n - other.n || one.momentMs - other.momentMs
    if (difference !== 0) return difference
  } else if (one !== null || other !== null) return one === null ? -1 : 1
  return compareText(a.hotkey, b.hotkey) || a.registeredBlock - b.registeredBlock
}
