import { REFUSAL_STREAK } from '../constants.js'

/** Whether it refused more than half of what it was offered. */
export function refusedMostly(offer: { offered: number; refused: number }): boolean {
  return 2 * offer.refused > offer.offered
}

/**
 * The row of intervals with more than half refused. The third relegates and begins a new row; an
 * interval that is not one of them ends the row.
 */
export function nextRefusedStreak(
  streak: number,
  mostly: boolean,
): { streak: number; relegates: boolean } {
  if (!mostly) return { streak: 0, relegates: false }
  return streak + 1 >= REFUSAL_STREAK
    ? { streak: 0, relegates: true }
    : { streak: streak + 1, relegates: false }
}
