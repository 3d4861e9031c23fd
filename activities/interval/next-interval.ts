import {
  announceInterval,
  type IntervalBounds,
  latestInterval,
  markMissed,
} from '../../ledger/intervals/intervals.js'
import { getSecret } from '../../ledger/intervals/secrets.js'
import { FIRST_INTERVAL_LEAD_BLOCKS } from '../../rules/constants.js'
import { MISSED_CAUSES } from '../../rules/explain/missed-causes.js'
import { hasPassed, lastBeginning } from '../../rules/interval-time.js'
import { intervalWorkflowId } from '../../temporal/workflow-ids.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import type { IntervalSettings, VerifierDeps } from '../verifier-deps.js'
import { Attendance } from './attendance.js'
import { ensureCommitment } from './commit-secret.js'

export interface NextInterval {
  readonly n: number
  readonly firstBlock: number
  readonly length: number
  readonly workflowId: string
  readonly settings: IntervalSettings
}

/**
 * Waits for the first finalized block of the next interval, announces the interval and returns it. Each
 * interval starts where the previous one ended; those that passed while no verifier ran are recorded as
 * missed. An interval found in its second half counts as passed, because its rounds are over (unless it is
 * shorter than a restart takes). So does one whose secret was not committed to in time. The cause is
 * recorded.
 */
export function createNextInterval(deps: VerifierDeps) {
  const { db, id, chain } = deps
  const { blockSeconds } = chain
  const attendance = new Attendance()

  const missed = async (interval: IntervalBounds): Promise<void> => {
    const because = attendance.causeAt(lastBeginning(interval, blockSeconds))
    deps.log.warn(
      { n: interval.n, because: MISSED_CAUSES[because] },
      'an interval passed before it could be begun: missed',
    )
    await markMissed(db, id, interval, because)
  }

  const place = async (
    after: number,
    finalized: number,
    veryFirst: number,
  ): Promise<NextInterval> => {
    const latest = await latestInterval(db, id)
    const length = deps.profile.intervalBlocks
    if (latest === null) return named(deps, 1, veryFirst, length)
    // Announced before a crash, but never started.
    if (latest.phase === 'announced' && latest.n > after) {
      if (!hasPassed(latest, { finalized, blockSeconds })) {
        return named(deps, latest.n, latest.firstBlock, latest.length)
      }
      await missed(latest)
    }
    return named(deps, latest.n + 1, latest.firstBlock + latest.length, length)
  }

  /**
   * Whether its secret was committed to before anybody knew its first block: otherwise the verifier could
   * choose its draws.
   */
  const committed = async (next: NextInterval): Promise<boolean> => {
    if ((await getSecret(db, id, next.n)) !== null) return true
    if ((await chain.head()).number >= next.firstBlock) return false
    await ensureCommitment(deps, next.n)
    return true
  }

  const following = async (
    after: number,
    heartbeat: (details: string) => void,
  ): Promise<NextInterval> => {
    let { number: finalized } = await chain.finalized()
    attendance.began(finalized)
    const veryFirst = finalized + FIRST_INTERVAL_LEAD_BLOCKS
    for (;;) {
      const next = await place(after, finalized, veryFirst)
      if (hasPassed(next, { finalized, blockSeconds }) || !(await committed(next))) {
        await missed(next)
        continue
      }
      if (finalized >= next.firstBlock) {
        // What was announced first is kept.
        const row = await announceInterval(db, id, next)
        attendance.looked()
        return named(deps, row.n, row.firstBlock, row.length)
      }
      attendance.looked()
      heartbeat(`block ${finalized} of ${next.firstBlock}`)
      finalized = (await deps.finality.next()).number
    }
  }

  return ({ after }: { after: number }): Promise<NextInterval> =>
    withHeartbeat(async (_signal, heartbeat) => {
      try {
        return await following(after, heartbeat)
      } catch (error) {
        attendance.failed(error)
        throw error
      }
    })
}

function named(deps: VerifierDeps, n: number, firstBlock: number, length: number): NextInterval {
  const workflowId = intervalWorkflowId(deps.id.netuid, deps.id.verifier, n)
  return { n, firstBlock, length, workflowId, settings: deps.settings }
}
