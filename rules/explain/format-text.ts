import { TIER_RATE_PERMILLE } from '../constants.js'
import type { Tier } from '../tiers.js'

/** `Silver` */
export function tierName(tier: Tier): string {
  return tier[0]!.toUpperCase() + tier.slice(1)
}

/** `94.9 %`; for Bronze, which requires no rate, `0 %` */
export function tierRate(tier: Tier): string {
  return `${(TIER_RATE_PERMILLE[tier] ?? 0) / 10} %`
}

/** `1 video`, `14,000 videos` */
export function howMany(count: number, one: string, many = `${one}s`): string {
  return `${grouped(count)} ${count === 1 ? one : many}`
}

/** `14,000` */
export function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',')
}
