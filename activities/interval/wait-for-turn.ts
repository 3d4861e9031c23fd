import { firstUnsettledBefore } from '../../ledger/intervals/intervals.js'
import { isOverdue } from '../../rules/interval-time.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { lapse } from './lapse-interval.js'

/**
 * Waits until every earlier interval is final, so that intervals settle strictly in order of n. One that
 * nobody settled in time lapses here: it changes no score, tier or weight, and delays no other interval.
 */
export function createWaitForTurn(deps: VerifierDeps) {
  return async ({ n }: { n: number }): Promise<void> =>
    withHeartbeat(async (_signal, heartbeat) => {
      let { number: finalized } = await deps.chain.finalized()
      for (;;) {
        const before = await firstUnsettledBefore(deps.db, deps.id, n)
        if (before === null) return
        const { blockSeconds } = deps.chain
        if (isOverdue(before, { finalized, blockSeconds })) {
          await withFence(deps, (tx) => lapse(tx, deps, before.n))
          deps.log.warn({ n: before.n }, 'an interval was not settled in time and has lapsed')
          continue
        }
        heartbeat(`interval ${before.n} is in phase ${before.phase}`)
        finalized = (await deps.finality.next()).number
      }
    })
}
