import { firstUnsettledBefore, type IntervalRow } from '../../ledger/intervals/intervals.js'
import { beating, pause } from '../shared/heartbeat.js'
import { fenced } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { lapse } from './lapse-interval.js'
import { pollMs } from './wait-for-block.js'

/** The least time after its last block before an unsettled interval lapses. */
const LAPSE_SECONDS = 15 * 60

/** Whether an interval's time to settle has passed: max(one interval, 15 minutes) of finalized blocks. */
export function isOverdue(
  deps: Pick<VerifierDeps, 'chain'>,
  interval: IntervalRow,
  finalized: number,
): boolean {
  const grace = Math.max(interval.length, Math.ceil(LAPSE_SECONDS / deps.chain.blockSeconds))
  return finalized >= interval.firstBlock + interval.length + grace
}

/**
 * Waits until every interval before is final, so that settling goes strictly in order of n. One that
 * nobody settled in time lapses here: it changes no score, tier or weight, and holds nobody up.
 */
export function createAwaitTurn(deps: VerifierDeps) {
  return async ({ n }: { n: number }): Promise<void> =>
    beating(async (_signal, beat) => {
      for (;;) {
        const before = await firstUnsettledBefore(deps.db, deps.id, n)
        if (before === null) return
        const { number } = await deps.chain.finalized()
        if (isOverdue(deps, before, number)) {
          await fenced(deps, (tx) => lapse(tx, deps, before.n))
          deps.log.warn({ n: before.n }, 'an interval was not settled in time; it is lapsed')
          continue
        }
        beat(`interval ${before.n} is in phase ${before.phase}`)
        await pause(pollMs(deps.chain.blockSeconds))
      }
    })
}
