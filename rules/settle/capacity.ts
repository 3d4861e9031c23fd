import { BLOCK_SECONDS, ONE_PPM, TIER_REQUEST_LIMIT } from '../constants.js'
import type { Tier } from '../tiers.js'
import { offerSharePpm } from './offer-share.js'
import type { ProvenCapacity, ShareCounts } from './settlement.js'
import { wideSharePpm } from './wide-share.js'

/**
 * The proven capacity, and the part of it that is paid: what the prover can do at an instant times what it
 * accepts the rest of the time (mechanism.md section 5; why the product and not the smaller of the two:
 * decision 0018).
 * @param window the counts of the last settled intervals, including the one being settled
 * @param limitPpm from `tierLimitPpm`
 */
export function provenCapacity(window: ShareCounts, limitPpm: number | null): ProvenCapacity {
  const wide = wideSharePpm(window)
  const offers = offerSharePpm(window)
  const capacity = capacityPpm(window)
  const shown = shownCapacityPpm({
    wideSharePpm: wide,
    offerSharePpm: offers,
    capacityPpm: capacity,
  })
  return {
    wideSharePpm: wide,
    offerSharePpm: offers,
    capacityPpm: capacity,
    paidCapacityPpm: limitPpm === null ? shown : Math.min(shown, limitPpm),
  }
}

/** floor(G · floor(wide share · offer share / 10^6) / 10^6): before the tier's limit. */
export function shownCapacityPpm({
  wideSharePpm,
  offerSharePpm,
  capacityPpm,
}: Omit<ProvenCapacity, 'paidCapacityPpm'>): number {
  const share = Math.floor((wideSharePpm * offerSharePpm) / ONE_PPM)
  return Math.floor((capacityPpm * share) / ONE_PPM)
}

/**
 * G = min(10^6 · g of the newest round, floor(10^6 · Σ g / rounds)): growth is paid as the window proves it,
 * a reduction takes effect at once. 0 without a round.
 */
function capacityPpm({ wideRounds, wideGpus, newestWideGpus }: ShareCounts): number {
  if (newestWideGpus === null) return 0
  return Math.min(ONE_PPM * newestWideGpus, Math.floor((ONE_PPM * wideGpus) / wideRounds))
}

/**
 * The GPUs, in ppm, that the tier's request limit keeps busy: floor(limit · T / (12 · blocks)).
 * @param standardUs T, the certified time of the standard work; null while nothing is certified: no limit
 * @param blocks the interval's length
 */
export function tierLimitPpm(tier: Tier, standardUs: number | null, blocks: number): number | null {
  if (standardUs === null) return null
  const busyUs = BigInt(TIER_REQUEST_LIMIT[tier]) * BigInt(standardUs)
  return Number(busyUs / BigInt(BLOCK_SECONDS * blocks))
}
