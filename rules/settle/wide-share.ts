import { ONE_PPM } from '../constants.js'
import { isNeutralRefusal, slotsOf } from './neutral-refusal.js'
import type { WideRequest, WideRound } from './settlement.js'

/**
 * A round has 2 slots per GPU. A slot is kept if its request was delivered in time, unless it is a user's
 * uncounted request: a friend could keep a prover busy with those. Neutral refusals, cancelled and lost
 * requests remove their slot. The refusals of a round are judged together: by what was in flight after it,
 * and by all `taken` that they presented.
 */
export function countWideRound({ gpus, requests }: WideRound): { slots: number; kept: number } {
  const refused = requests.filter((request) => request.ofRound && request.outcome === 'refused')
  const after = requests.length - refused.length
  const full = isNeutralRefusal(
    gpus,
    after,
    refused.flatMap(({ taken }) => taken ?? []),
  )
  const neutral = requests.filter((request) => isNeutral(request, full)).length
  // More requests in flight than it has room for, for example after it declared less, do not add slots.
  const slots = Math.max(0, Math.min(slotsOf(gpus), requests.length) - neutral)
  return { slots, kept: Math.min(slots, requests.filter(isKept).length) }
}

function isNeutral(request: WideRequest, roundIsFull: boolean): boolean {
  const { ofRound, outcome, gpus, inFlight, taken, lost } = request
  if (lost || outcome === 'neutral') return true
  if (outcome !== 'refused') return false
  if (ofRound) return roundIsFull
  return gpus !== null && isNeutralRefusal(gpus, inFlight ?? 0, taken ?? [])
}

function isKept({ ofRound, kind, counted, outcome, lost }: WideRequest): boolean {
  return outcome === 'success' && !lost && (ofRound || kind !== 'inference' || counted)
}

/** floor(10^6 · kept / slots); 0 without a slot: what was never demonstrated is not paid. */
export function wideSharePpm(counts: { wideSlots: number; wideKept: number }): number {
  return counts.wideSlots === 0 ? 0 : Math.floor((ONE_PPM * counts.wideKept) / counts.wideSlots)
}
