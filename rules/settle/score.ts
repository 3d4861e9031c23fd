import { IDLE_SCORE_PERMILLE, ONE_PPM } from '../constants.js'

/** What cheats leave of a score: floor(score / 2^c), c the number of cheating answers. */
export function afterCheats(scorePpm: number, cheats: number): number {
  return Math.floor(scorePpm / 2 ** Math.min(cheats, 64))
}

/**
 * floor(((10^6 − α)·score + α·observation) / 10^6), never below 0; without evidence floor(999·score/1000).
 * Because of the floor, scores converge up to 19 ppm low at α = 0.05, which is intended.
 * @param observationPpm null without any reward slot, or without an address on the chain
 */
export function nextScore(
  scorePpm: number,
  observationPpm: number | null,
  alphaPpm: number,
): number {
  if (observationPpm === null) return Math.floor((IDLE_SCORE_PERMILLE * scorePpm) / 1000)
  const weighted = (ONE_PPM - alphaPpm) * scorePpm + alphaPpm * observationPpm
  return Math.max(0, Math.floor(weighted / ONE_PPM))
}
