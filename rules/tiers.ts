/** From the best to the one in which everybody starts. */
export const TIERS = ['challenger', 'grandmaster', 'gold', 'silver', 'bronze'] as const

export type Tier = (typeof TIERS)[number]

/** The tier above, or null at the top. */
export function tierAbove(tier: Tier): Tier | null {
  return TIERS[TIERS.indexOf(tier) - 1] ?? null
}

/** The tier below, or null at the bottom. */
export function tierBelow(tier: Tier): Tier | null {
  return TIERS[TIERS.indexOf(tier) + 1] ?? null
}
