import {
  beginRound,
  insertPlanItems,
  type PlanItemRow,
  planItems,
  planRounds,
} from '../../ledger/intervals/plans.js'
import type { IntervalProverRow } from '../../ledger/provers/provers.js'
import { attemptFacts, type NewAttempt, requestsInFlight } from '../../ledger/requests/attempts.js'
import { declaredGpus, roomOf } from '../../rules/plan/room.js'
import { drawSample } from '../../rules/plan/sample.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { storedWork } from '../shared/stored-request.js'
import { askAll } from './ask-all.js'
import { drawAttempts, roundSource } from './draw-round.js'
import { freshProvers } from './fresh-provers.js'
import type { RoundDeps } from './round-deps.js'

export interface AskedRound {
  readonly answered: number
  readonly failed: number
  readonly refused: number
  /** Of an interval whose plan an older version drew: when a refused challenge is asked again. None is any more. */
  readonly nextMoment: null
}

/**
 * Draws a round's sample, of the provers with room at this moment, and asks it concurrently: each its own
 * prompt and seed. Both once: on a retry after a crash a prover gets the same bytes and replays its stored answer.
 */
export function createAskRound(deps: RoundDeps) {
  return async ({ n, round }: { n: number; round: number }): Promise<AskedRound> =>
    withHeartbeat(async (signal, heartbeat) => {
      const { db, id } = deps
      const provers = await freshProvers(deps, n, signal)
      await drawOnce(deps, n, round, provers)
      const items = await planItems(db, id, n, { round })
      const ids = items.map(({ requestId }) => requestId)
      const rows = items.map((item) => challengeOf(n, item, provers))
      await askAll(deps, rows, provers, { signal, heartbeat })
      const ended = await attemptFacts(db, ids)
      const count = (outcome: string) => ended.filter((row) => row.outcome === outcome).length
      return {
        answered: count('success'),
        failed: count('failure'),
        refused: count('refused'),
        nextMoment: null,
      }
    })
}

async function drawOnce(
  { db, id, chain }: RoundDeps,
  n: number,
  round: number,
  provers: readonly IntervalProverRow[],
): Promise<void> {
  const { number: momentBlock } = await chain.finalized()
  await db.tx(async (tx) => {
    const inFlight = await requestsInFlight(tx, id)
    const busy = provers.filter(
      ({ hotkey, capacity }) =>
        roomOf({ gpus: declaredGpus(capacity), inFlight: inFlight.get(hotkey)?.length ?? 0 }) === 0,
    )
    const found = { kind: 'challenge', round, busy: busy.map(({ hotkey }) => hotkey) } as const
    // Begun before, or planned by an older version, which drew all at the opening.
    if (!(await beginRound(tx, id, n, found))) return
    const from = await roundSource(tx, id, n)
    const moments = new Map(
      (await planRounds(tx, id, n)).flatMap(({ kind, round: r, momentMs }) =>
        kind === 'challenge' ? [[r, momentMs] as const] : [],
      ),
    )
    const drawn = new Map<string, number>()
    for (const item of await planItems(tx, id, n)) {
      const moment = moments.get(item.round) ?? 0
      drawn.set(item.hotkey, Math.max(moment, drawn.get(item.hotkey) ?? 0))
    }
    const candidates = from.inputs.provers
      .filter(({ hotkey }) => !found.busy.includes(hotkey))
      .map(({ hotkey, registeredBlock, lastFullCheckN }) => ({
        hotkey,
        registeredBlock,
        lastFullCheck: lastFullCheck({ n, drawnMs: drawn.get(hotkey), before: lastFullCheckN }),
      }))
    const label = `challenge/${round}`
    const sample = drawSample(from.source, label, candidates, from.profile.sampleSize)
    const attempts = await drawAttempts(
      tx,
      id,
      from,
      sample.map(({ hotkey }, k) => ({ label: `${label}/${k}`, hotkey })),
    )
    await insertPlanItems(
      tx,
      id,
      n,
      attempts.map(({ work: _, cancelAfterMs = null, promptSha256 = null, ...item }, k) => {
        const { hotkey, registeredBlock } = sample[k]!
        const place = { hotkey, registeredBlock, round, k, momentBlock }
        return { ...item, ...place, cancelAfterMs, promptSha256 }
      }),
    )
  })
}

/** One that was drawn in this interval counts as checked, whatever comes of it. */
function lastFullCheck(of: { n: number; drawnMs: number | undefined; before: number | null }) {
  if (of.drawnMs !== undefined) return { n: of.n, momentMs: of.drawnMs }
  return of.before === null ? null : { n: of.before, momentMs: 0 }
}

function challengeOf(
  n: number,
  item: PlanItemRow,
  provers: readonly IntervalProverRow[],
): NewAttempt {
  const prover = provers.find(({ hotkey }) => hotkey === item.hotkey)
  return {
    hotkey: item.hotkey,
    registeredBlock: item.registeredBlock,
    requestId: item.requestId,
    n,
    kind: 'challenge',
    inferenceId: null,
    attemptNo: 1,
    hedge: false,
    body: item.body,
    bodySha256: item.bodySha256,
    work: storedWork(item),
    counted: true,
    apiKeyId: null,
    deadlineMs: item.deadlineMs,
    blockRange: null,
    gpus: declaredGpus(prover?.capacity ?? null),
    cancelAfterMs: item.cancelAfterMs,
    promptSha256: item.promptSha256,
  }
}
