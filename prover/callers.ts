import type { Log } from '../base/log.js'
import type { Chain, Metagraph } from '../chain/chain.js'
import type { CallerLookup } from './admission.js'

/** A metagraph this old is read again in any case. */
const FRESH_MS = 60_000
/** A caller that is missing may have registered since: the chain is asked again, but not more often. */
const MISS_MS = 5_000
/** A chain that does not answer leaves the cached metagraph in use for so long. */
const STALE_MS = 3_600_000

/**
 * Looks callers up in the chain's metagraph, read at most once per minute (once in 5 s for unknown
 * hotkeys), one reading at a time.
 * @throws ChainError by the lookup, when the chain has not answered for an hour
 */
export function createCallerLookup(deps: {
  chain: Pick<Chain, 'metagraph'>
  netuid: number
  log: Log
  now?: () => number
}): CallerLookup {
  const now = deps.now ?? Date.now
  let known: { atMs: number; byHotkey: Map<string, Metagraph['neurons'][number]> } | null = null
  let triedMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null

  async function read(): Promise<void> {
    triedMs = now()
    try {
      const { neurons } = await deps.chain.metagraph(deps.netuid)
      known = { atMs: triedMs, byHotkey: new Map(neurons.map((n) => [n.hotkey, n])) }
    } catch (error) {
      if (known === null || now() - known.atMs > STALE_MS) throw error
      deps.log.warn({ err: error }, 'reading the metagraph failed; using the cached one')
    }
  }

  return async (hotkey) => {
    const maxAgeMs = known?.byHotkey.has(hotkey) ? FRESH_MS : MISS_MS
    if (known === null || now() - triedMs > maxAgeMs) {
      reading ??= read().finally(() => {
        reading = null
      })
      await reading
    }
    return known?.byHotkey.get(hotkey) ?? null
  }
}
