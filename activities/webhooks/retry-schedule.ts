/** The whole ladder of `workflows/deliver-webhook.ts`, each wait of it 10 % longer. */
const LONGEST_MS = 84 * 3_600_000

/** How much longer a delivery may be tried. @param startedAt null: just now @param now milliseconds since 1970 */
export function timeLeftMs(startedAt: Date | null, now: number): number {
  return startedAt === null ? LONGEST_MS : startedAt.getTime() + LONGEST_MS - now
}

/**
 * The wait until the next attempt, in milliseconds; null: there is none.
 * @param rungMs the ladder's; null at its end
 * @param retryAfterMs what the receiver asks for
 */
export function nextWaitMs(
  rungMs: number | null,
  retryAfterMs: number | null,
  leftMs: number,
): number | null {
  if (rungMs === null) return null
  const waitMs = Math.max(rungMs, retryAfterMs ?? 0)
  return waitMs > leftMs ? null : waitMs
}
