import { messageOf } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import type { Metrics } from '../../base/metrics.js'
import type { Chain } from '../../chain/chain.js'
import { startPeriodic } from '../sweeps/periodic.js'

/** A block's time on Bittensor: asking more often tells nothing new. */
const ASK_EVERY_MS = 12_000

/** What the watchdog needs of a chain. */
export type WatchedChain = Pick<Chain, 'head' | 'lastBlockAgeMs'>

/** Why the chain can't be relied on; null while blocks land. */
export function missingBlocks(
  chain: Pick<Chain, 'lastBlockAgeMs'>,
  limitMs: number,
): string | null {
  const age = chain.lastBlockAgeMs()
  return age <= limitMs ? null : `no block for ${Math.floor(age / 1000)} s`
}

/**
 * Watches blocks arrive, and says in the log when they stop and when they go on. Something has to ask for
 * heads, or an idle process would take its own silence for the chain's. (The adapter rebuilds a connection
 * that is open and dead by itself.)
 */
export function watchBlocks(
  chain: WatchedChain,
  { log, limitMs }: { log: Log; limitMs: number },
): { stop: () => void } {
  let red = false
  const tick = async () => {
    const reason = await chain.head().then(
      () => 'it answers, with no new block',
      (error: unknown) => messageOf(error),
    )
    const missing = missingBlocks(chain, limitMs)
    if (missing !== null && !red) log.warn({ reason }, `the chain: ${missing}`)
    if (missing === null && red) log.info('blocks land again')
    red = missing !== null
  }
  const everyMs = Math.min(ASK_EVERY_MS, limitMs / 4)
  return startPeriodic(everyMs, tick, log, 'the chain was not asked for its head')
}

/** For alerts before the watchdog's limit, and for graphs. */
export function exportBlockMetrics(metrics: Metrics, chain: Pick<Chain, 'lastBlockAgeMs'>): void {
  metrics.readGauge(
    'fractal_chain_last_block_age_seconds',
    'Since this process last learned of a new block',
    () => chain.lastBlockAgeMs() / 1000,
  )
}
