import type { Tier } from './tiers.js'

/** `Silver` */
export function tierName(tier: Tier): string {
  return tier[0]!.toUpperCase() + tier.slice(1)
}

/** `14,000` */
export function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',')
}
