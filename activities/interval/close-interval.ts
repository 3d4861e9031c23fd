import { fromHex } from '../../formats/bytes.js'
import { workOf } from '../../formats/generation.js'
import { closeInterval, intervalByN, setPhase } from '../../ledger/intervals/intervals.js'
import { planOf } from '../../ledger/intervals/plans.js'
import { getSecret } from '../../ledger/intervals/secrets.js'
import { auditCandidates, putAudits } from '../../ledger/judging/audits.js'
import { drawAudits, mostAudits } from '../../rules/plan/audits.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { withFence } from '../shared/with-fence.js'
import type { VerifierDeps } from '../verifier-deps.js'

/**
 * After the last block: from now on users' outcomes belong to the next interval, and audits are drawn among
 * those of this one. The draw is stored once.
 */
export function createCloseInterval(deps: VerifierDeps) {
  return async ({ n }: { n: number }): Promise<{ count: number }> =>
    withHeartbeat(async () => {
      const { db, id, profile } = deps
      const interval = await intervalByN(db, id, n)
      const secret = await getSecret(db, id, n)
      const certified = (await planOf(db, id, n))?.gpuUsPerWork ?? null
      const ids = await withFence(deps, async (tx) => {
        await closeInterval(tx, id, n)
        await setPhase(tx, id, n, 'audit', ['open', 'rounds'])
        const candidates = await auditCandidates(tx, id, n)
        const inputs = {
          answers: candidates,
          max: mostAudits(profile, {
            usPerWork: certified,
            standardWork: workOf(deps.model),
            length: interval!.length,
            blockMs: Math.round(deps.chain.blockSeconds * 1000),
            gpus: deps.gpus,
          }),
        }
        const drawn = drawAudits(inputs, {
          secret: secret!.secret,
          blockHash: fromHex(interval!.firstBlockHash!),
        })
        return putAudits(tx, id, n, drawn, inputs)
      })
      return { count: ids.length }
    })
}
