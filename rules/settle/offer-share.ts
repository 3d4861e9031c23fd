import { ONE_PPM } from '../constants.js'
import { isNeutralRefusal, slotsOf } from './neutral-refusal.js'
import type { AnswerRow } from './settlement.js'

/**
 * How many requests a prover was offered outside wide rounds while it had room, and how many of these it
 * accepted, whatever their outcome. Neutral refusals, cancelled and lost requests are not offers, nor are
 * requests sent by an older version, which did not record the number of GPUs.
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

/** floor(10^6 · (1 + accepted) / (1 + offered)): 1 if nothing was offered. */
export function offerSharePpm({
  offered,
  accepted,
}: {
  offered: number
  accepted: number
}): number {
  return Math.floor((ONE_PPM * (1 + accepted)) / (1 + offered))
}
