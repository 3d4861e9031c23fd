import type { Log } from '../base/log.js'
import type { Chain, SubnetParams } from '../chain/chain.js'
import type { CallerLookup, CallerStanding } from './admission.js'

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
  chain: Pick<Chain, 'metagraph'> & {
    subnetParams(netuid: number): Promise<Pick<SubnetParams, 'ownerHotkey'>>
  }
  netuid: number
  log: Log
  /** Milliseconds of a monotonic clock; for tests. */
  now?: () => number
}): CallerLookup {
  const now = deps.now ?? (() => performance.now())
  let known: { atMs: number; byHotkey: Map<string, CallerStanding> } | null = null
  let triedMs = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | null = null

  async function read(): Promise<void> {
    triedMs = now()
    try {
      const [{ neurons }, { ownerHotkey }] = await Promise.all([
        deps.chain.metagraph(deps.netuid),
        deps.chain.subnetParams(deps.netuid),
      ])
      const standings = neurons.map(({ hotkey, stakeRao, validatorPermit }) => {
        // The chain takes the owner's weights without one.
        const maySetWeights = validatorPermit || hotkey === ownerHotkey
        return [hotkey, { stakeRao, validatorPermit: maySetWeights }] as const
      })
      known = { atMs: triedMs, byHotkey: new Map(standings) }
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
