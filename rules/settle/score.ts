import { IDLE_SCORE_PERMILLE, ONE_PPM } from '../constants.js'
import type { Tier } from '../tiers.js'

/** What cheats leave of a score: floor(score / 2^c), c the number of cheating answers. */
export function afterCheats(scorePpm: number, cheats: number): number {
  return Math.floor(scorePpm / 2 ** Math.min(cheats, 64))
}

/**
 * Whether an interval may raise a score: in Bronze only if a check of it was passed, because whoever is there has shown
 * nothing yet, or was caught (docs/decisions/0029).
 * @param tier when settlement began
 */
export function scoreMayRise(tier: Tier, checksPassed: number): boolean {
  return tier !== 'bronze' || checksPassed > 0
}

/**
 * floor(((10^6 − α)·score + α·observation) / 10^6), never below 0; without evidence floor(999·score/1000).
 * Because of the floor, scores converge up to 19 ppm low at α = 0.05, which is intended.
 * @param observationPpm null without any reward slot, or without an address on the chain
 * @param options.mayRise see `scoreMayRise`; a score that may not can still fall
 */
export function nextScore(
  scorePpm: number,
  observationPpm: number | null,
  { alphaPpm, mayRise }: { alphaPpm: number; mayRise: boolean },
): number {
  if (observationPpm === null) return Math.floor((IDLE_SCORE_PERMILLE * scorePpm) / 1000)
  const weighted = (ONE_PPM - alphaPpm) * scorePpm + alphaPpm * observationPpm
  const next = Math.max(0, Math.floor(weighted / ONE_PPM))
  return mayRise ? next : Math.min(scorePpm, next)
}
