import { generationParams, workOf } from '../../formats/generation.js'
import type { PlanItemRow } from '../../ledger/intervals/plans.js'
import type { IntervalPlan } from '../../rules/plan/plan-types.js'
import type { MechanismProfile } from '../../rules/profile.js'
import { deadlineMs } from '../../rules/routing/deadlines.js'
import { encodeBody } from '../../wire/generation-body.js'

/**
 * A plan as it is stored: for each challenge the exact bytes that will be sent, with the deadline that a
 * user's request of this size has: nothing on the wire tells one challenge from another, or from a
 * user's request.
 * @param usPerWork the class's certified time, floor(µs · 10^6 / work)
 */
export function planRows(
  plan: IntervalPlan,
  profile: MechanismProfile,
  usPerWork: number,
): PlanItemRow[] {
  return plan.rounds.flatMap(({ items }) =>
    items.map((item): PlanItemRow => {
      const work = workOf(generationParams(item.body))
      const deadline = deadlineMs({
        floorMs: profile.deadlineFloorMs,
        certifiedUsPerWork: usPerWork,
        work,
      })
      const { bytes, sha256 } = encodeBody({ ...item.body, deadline_ms: deadline })
      return {
        hotkey: item.hotkey,
        registeredBlock: item.registeredBlock,
        requestId: item.requestId,
        round: item.round,
        k: item.k,
        momentBlock: item.momentBlock,
        firstRetryBlock: item.retryBlocks[0],
        secondRetryBlock: item.retryBlocks[1],
        deadlineMs: deadline,
        body: bytes,
        bodySha256: sha256,
      }
    }),
  )
}
