import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { Metrics } from '../../base/metrics.js'
import type { Chain } from '../../chain/chain.js'
import { startPeriodic } from '../sweeps/periodic.js'

/** A block's time on Bittensor: polling more often brings nothing new. */
const POLL_MS = 12_000

/** What the watchdog needs of a chain. */
export type WatchedChain = Pick<Chain, 'head' | 'lastBlockAgeMs'>

/** Why the chain can't be relied on; null while blocks arrive. */
export function missingBlocks(
  chain: Pick<Chain, 'lastBlockAgeMs'>,
  limitMs: number,
): string | null {
  const age = chain.lastBlockAgeMs()
  return age <= limitMs ? null : `no block for ${Math.floor(age / 1000)} s`
}

/**
 * Watches blocks arrive, and logs when they stop and when they resume. Something has to ask for
 * heads, or an idle process would take its own silence for the chain's. (The adapter rebuilds a connection
 * that is open and dead by itself.)
 */
export function watchBlocks(
  chain: WatchedChain,
  { log, limitMs }: { log: Log; limitMs: number },
): { stop: () => void } {
  let stale = false
  const intervalMs = Math.min(POLL_MS, limitMs / 4)
  const tick = async () => {
    // An adapter that is told of blocks need not ask for them.
    if (!stale && chain.lastBlockAgeMs() <= intervalMs) return
    const reason = await chain.head().then(
      () => 'it answers, but with no new block',
      (error: unknown) => messageOf(error),
    )
    const missing = missingBlocks(chain, limitMs)
    if (missing !== null && !stale) log.warn({ reason }, `the chain: ${missing}`)
    if (missing === null && stale) log.info('blocks arrive again')
    stale = missing !== null
  }
  return startPeriodic(intervalMs, tick, log, 'polling the chain head failed; will retry')
}

/** For alerts before the watchdog's limit, and for graphs. */
export function exportBlockMetrics(metrics: Metrics, chain: Pick<Chain, 'lastBlockAgeMs'>): void {
  metrics.readGauge(
    'fractal_chain_last_block_age_seconds',
    'Since this process last learned of a new block',
    () => chain.lastBlockAgeMs() / 1000,
  )
}
