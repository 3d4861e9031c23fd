import { performance } from 'node:perf_hooks'
import { messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { Metrics } from '../base/metrics.js'
import type { Chain } from '../chain/chain.js'
import { repeatedly } from './repeatedly.js'

/** A block's time on Bittensor: asking more often tells nothing new. */
const ASK_EVERY_MS = 12_000

/** What the watchdog needs of a chain. */
export type WatchedChain = Pick<Chain, 'head' | 'lastBlockAgeMs'> & {
  /** Of adapters that keep a connection and don't rebuild it by themselves. */
  reconnect?(): Promise<void>
}

/** Why the chain can't be relied on; null while blocks land. */
export function missingBlocks(
  chain: Pick<Chain, 'lastBlockAgeMs'>,
  limitMs: number,
): string | null {
  const age = chain.lastBlockAgeMs()
  return age <= limitMs ? null : `no block for ${Math.floor(age / 1000)} s`
}

/**
 * Watches blocks arrive: a connection can be open and dead. Something has to ask for heads, or an idle
 * process would take its own silence for the chain's. When no block lands for `limitMs` the connection
 * is rebuilt, again after each further `limitMs`, until one does.
 */
export function watchBlocks(
  chain: WatchedChain,
  options: { log: Log; limitMs: number; askEveryMs?: number },
): { stop: () => void } {
  const { log, limitMs } = options
  let rebuiltAt = Number.NEGATIVE_INFINITY
  let red = false
  const tick = async () => {
    const problem = await chain.head().then(
      () => null,
      (error: unknown) => messageOf(error),
    )
    const age = chain.lastBlockAgeMs()
    if (age <= limitMs) {
      if (red) log.info('blocks land again')
      red = false
      rebuiltAt = Number.NEGATIVE_INFINITY
      return
    }
    const first = !red
    red = true
    if (performance.now() - rebuiltAt < limitMs) return
    rebuiltAt = performance.now()
    const facts = {
      seconds: Math.floor(age / 1000),
      reason: problem ?? 'it answers, with no new block',
    }
    log.warn(facts, first ? 'no block landed' : 'still no block')
    await chain.reconnect?.()
  }
  const everyMs = Math.min(options.askEveryMs ?? ASK_EVERY_MS, limitMs / 4)
  return repeatedly(everyMs, tick, log, 'the connection to the chain was not rebuilt')
}

/** For alerts before the watchdog's limit, and for graphs. */
export function gaugeBlocks(metrics: Metrics, chain: Pick<Chain, 'lastBlockAgeMs'>): void {
  metrics.readGauge(
    'fractal_chain_last_block_age_seconds',
    'Since this process last learned of a new block',
    () => chain.lastBlockAgeMs() / 1000,
  )
}
