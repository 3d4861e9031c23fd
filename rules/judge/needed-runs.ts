import type { Hex } from '../../formats/bytes.js'
import type { AttemptOutcome } from './judge-challenge-or-audit.js'

type Delivered = Extract<AttemptOutcome, { outcome: 'success' }>

/**
 * Whether a request must be computed to judge its answer. An answer of another determinism class proves
 * nothing either way, so it gets no GPU time.
 */
export function needsGroundTruth(
  attempt: AttemptOutcome | null,
  ownClass: string,
): attempt is Delivered {
  return attempt?.outcome === 'success' && attempt.determinismClass === ownClass
}

/**
 * Whether the request must be computed a second time, in a fresh session along with a known answer, and the
 * frames compared: the bytes differ, and without this nobody is accused.
 */
export function needsConfirmation(
  answer: { framesSha256: Hex; traceRoot: Hex },
  truth: { framesSha256: Hex; traceRoot: Hex; confirmSha256: Hex | null },
): boolean {
  const differs = answer.framesSha256 !== truth.framesSha256 || answer.traceRoot !== truth.traceRoot
  return differs && truth.confirmSha256 === null
}
