import { ONE_PPM } from '../constants.js'
import { isNeutralRefusal, slotsOf } from './neutral-refusal.js'
import type { AnswerRow } from './settlement.js'

/**
 * What a prover was offered outside wide rounds while it had room, and how much of it it accepted, whatever
 * became of it then. Neutral refusals, cancelled and lost requests are no offers, nor is what an older
 * version sent, which did not note how many GPUs there were.
 * @param lost request ids whose answers the verifier lost itself
 */
export function countOffers(
  answers: readonly AnswerRow[],
  lost: ReadonlySet<string>,
): { offered: number; accepted: number } {
  const offers = answers.filter((row) => isOffer(row) && !lost.has(row.requestId))
  return {
    offered: offers.length,
    accepted: offers.filter(({ outcome }) => outcome !== 'refused').length,
  }
}

function isOffer({ kind, outcome, gpus, inFlight, taken }: AnswerRow): boolean {
  if (kind === 'wide' || outcome === 'neutral' || gpus === null) return false
  const others = inFlight ?? 0
  if (others >= slotsOf(gpus)) return false
  return outcome !== 'refused' || !isNeutralRefusal(gpus, others, taken ?? [])
}

/** floor(10^6 · (1 + accepted) / (1 + offered)): 1 for who was offered nothing. */
export function offerSharePpm({
  offered,
  accepted,
}: {
  offered: number
  accepted: number
}): number {
  return Math.floor((ONE_PPM * (1 + accepted)) / (1 + offered))
}
