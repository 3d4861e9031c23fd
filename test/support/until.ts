import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

/** What `look` finds, as soon as it is neither null, false nor undefined. */
export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  { withinMs = 45_000 }: { withinMs?: number } = {},
): Promise<T> {
  for (const deadline = Date.now() + withinMs; ; await sleep(10)) {
    const seen = await look()
    if (seen !== null && seen !== undefined && seen !== false) return seen
    assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
  }
}
