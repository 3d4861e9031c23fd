import type { Log } from '../base/log.js'
import type { Chain, SubnetParams } from '../chain/chain.js'
import type { CallerLookup, CallerStanding } from './admission.js'

/** A metagraph older than this is read again in any case. */
const FRESH_MS = 60_000
/**
 * A caller that is unknown or has no permit may have got it since: the chain is asked again, but at most this often. Verifiers
 * blame nobody for what they are refused within `PERMIT_KNOWN_MS` after they got their permit.
 */
const MISS_MS = 5_000
/** How long the cached metagraph is used if the chain does not answer. */
const STALE_MS = 3_600_000

/**
 * Looks up callers in the chain's metagraph, which is read at most once per minute (once per 5 s for unknown
 * or unpermitted hotkeys), one read at a time.
 * @throws ChainError from the lookup, if the chain has not answered for an hour
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
        // The chain accepts the owner's weights without a permit.
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
    const maxAgeMs = known?.byHotkey.get(hotkey)?.validatorPermit ? FRESH_MS : MISS_MS
    if (known === null || now() - triedMs > maxAgeMs) {
      reading ??= read().finally(() => {
        reading = null
      })
      await reading
    }
    return known?.byHotkey.get(hotkey) ?? null
  }
}
