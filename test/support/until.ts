import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** Only ends a hang: a busy machine takes its time. */
const WITHIN_MS = 200_000
const FIRST_MS = 10
const LONGEST_MS = 50

/**
 * What `look` finds, as soon as it is neither null, false nor undefined. It looks less and less often: what is awaited
 * for long would take longer if who asks took the processor.
 */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { withinMs = WITHIN_MS, longestMs = LONGEST_MS }: { withinMs?: number; longestMs?: number } = {},
): Promise<T> {
  const deadline = Date.now() + withinMs
  for (let ms = FIRST_MS; ; ms = Math.min(ms * 1.2, longestMs)) {
    const seen = await look()
    if (seen !== null && seen !== undefined && seen !== false) return seen
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
    await sleep(ms)
  }
}
