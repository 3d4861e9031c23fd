import type { ProvenCapacity, ShareCounts } from '../../rules/settle/settlement.js'
import type { Columns } from '../rows.js'

/** What an interval contributes to shares and capacity, as stored in `scores`. */
export const SHARE_COUNTS = {
  wideRounds: 'integer',
  wideGpus: 'integer',
  newestWideGpus: 'integer',
  wideSlots: 'integer',
  wideKept: 'integer',
  offered: 'integer',
  accepted: 'integer',
} as const satisfies Columns<ShareCounts>

/** The capacity that the last settled intervals proved. */
export const PROVEN_CAPACITY = {
  wideSharePpm: 'integer',
  offerSharePpm: 'integer',
  capacityPpm: 'integer',
  paidCapacityPpm: 'integer',
} as const satisfies Columns<ProvenCapacity>

export const SHARE_COUNT_NAMES =
  'wide_rounds, wide_gpus, newest_wide_gpus, wide_slots, wide_kept, offered, accepted'

export const SHARE_NAMES = `${SHARE_COUNT_NAMES}, wide_share_ppm, offer_share_ppm, capacity_ppm, paid_capacity_ppm`

/** As stored: all null if a version without wide rounds settled the interval. */
export type StoredCapacity = { [K in keyof ProvenCapacity]: ProvenCapacity[K] | null }

/** Null if a version without wide rounds settled the interval. */
export function provenOf(row: StoredCapacity): ProvenCapacity | null {
  const { wideSharePpm, offerSharePpm, capacityPpm, paidCapacityPpm } = row
  if (
    wideSharePpm === null ||
    offerSharePpm === null ||
    capacityPpm === null ||
    paidCapacityPpm === null
  ) {
    return null
  }
  return { wideSharePpm, offerSharePpm, capacityPpm, paidCapacityPpm }
}
