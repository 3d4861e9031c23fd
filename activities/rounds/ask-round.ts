import { setTimeout as sleep } from 'node:timers/promises'
import { Mutex } from '../../base/concurrency/semaphore.js'
import { intervalByN } from '../../ledger/intervals/intervals.js'
import {
  beginRound,
  insertPlanItems,
  lockRounds,
  type PlanItemRow,
  type PlanRoundRow,
  planItems,
  planOf,
  planRounds,
} from '../../ledger/intervals/plans.js'
import type { IntervalProverRow } from '../../ledger/provers/provers.js'
import {
  type AttemptRow,
  attemptFacts,
  insertAttempts,
  type NewAttempt,
  requestsInFlight,
} from '../../ledger/requests/attempts.js'
import { SAMPLE_PATIENCE_DIVISOR, SAMPLE_PATIENCE_MS } from '../../rules/constants.js'
import { declaredGpus, roomOf } from '../../rules/plan/room.js'
import { drawSample } from '../../rules/plan/sample.js'
import { sampleDelayMs } from '../../rules/plan/sample-delay.js'
import { leftOut } from '../../rules/plan/sample-pool.js'
import type { Routable } from '../../rules/routing/route-table.js'
import { usOfWork } from '../../rules/work-time.js'
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
  /** For intervals planned by an older version: when a refused challenge is asked again. Now always null. */
  readonly nextMoment: null
}

/** The router, as a sample needs it. */
export interface SampleRouter {
  /** To whom a user's request might go now. */
  among(): Promise<Routable>
  /** They are about to be asked. */
  hold(hotkeys: readonly string[]): void
}

/**
 * Draws a round's sample among the provers that a user's request might go to at this moment, and sends each a
 * request with its own prompt and seed. Both happen once: on a retry after a crash a prover gets the same
 * bytes and replays its stored answer.
 * @param router null: the sample is drawn among all provers with room
 */
export function createAskRound(deps: RoundDeps, router: SampleRouter | null) {
  // A draw holds a connection and the router needs another one: rounds that wait for their turn hold none.
  const drawing = new Mutex()
  return async ({ n, round }: { n: number; round: number }): Promise<AskedRound> =>
    withHeartbeat(async (signal, heartbeat) => {
      const { db, id } = deps
      const provers = await freshProvers(deps, n, signal)
      // What a crash interrupted was drawn before: it goes on at once.
      if (router !== null && isDue(await planRounds(db, id, n), round)) {
        await waitAsUsersDo(router, await patienceMs(deps, n), signal)
      }
      const drawn = await drawing.run(() => drawOnce(deps, n, round, provers, router), signal)
      const items = await planItems(db, id, n, { round })
      const ids = items.map(({ requestId }) => requestId)
      const rows = items.map((item) => challengeOf(n, item, provers))
      const { gpuUsPerWork } = (await planOf(db, id, n)) ?? {}
      // The router counts all of them as in flight from the draw on.
      const mostDelayMs = ({ work }: AttemptRow) =>
        sampleDelayMs(rows.length, usOfWork(gpuUsPerWork ?? 0, work))
      await askAll(deps, rows, provers, { signal, heartbeat, mostDelayMs, stored: drawn })
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

function isDue(rounds: readonly PlanRoundRow[], round: number): boolean {
  return rounds.some(
    (row) => row.kind === 'challenge' && row.round === round && row.askedAt === null,
  )
}

/**
 * Waits while a user's request would find nobody. A check that came then would come to provers that are at work or have
 * just ended something, where no user's request goes.
 */
async function waitAsUsersDo(
  router: SampleRouter,
  patience: number,
  signal: AbortSignal,
): Promise<void> {
  const until = performance.now() + patience
  for (;;) {
    const { waitMs } = await router.among()
    if (waitMs === null || performance.now() + waitMs > until) return
    await sleep(waitMs, undefined, { signal })
  }
}

/** A short interval does not wait long for a round: it could not settle meanwhile. */
async function patienceMs({ db, id, chain }: RoundDeps, n: number): Promise<number> {
  const { length } = (await intervalByN(db, id, n))!
  return Math.min(
    SAMPLE_PATIENCE_MS,
    (length * chain.blockSeconds * 1000) / SAMPLE_PATIENCE_DIVISOR,
  )
}

/**
 * Draws the sample and stores its requests in one transaction, soon after it was asked who is routable: a user's
 * request that came in between would meet the check at a prover, which would then see two more often than others.
 * @returns whether it was drawn now, so that nothing of it was sent before
 */
async function drawOnce(
  { db, id, chain }: RoundDeps,
  n: number,
  round: number,
  provers: readonly IntervalProverRow[],
  router: SampleRouter | null,
): Promise<boolean> {
  const { number: momentBlock } = await chain.finalized()
  return db.tx(async (tx) => {
    // Before anything is read: what a round sees must be what the rounds before it left, in the order of the record.
    await lockRounds(tx, id, n)
    const rounds = (await planRounds(tx, id, n)).filter(({ kind }) => kind === 'challenge')
    // Already begun, or planned by an older version, which drew everything when the interval opened.
    if (!isDue(rounds, round)) return false
    const from = await roundSource(tx, id, n)
    const moments = new Map(rounds.map(({ round: r, momentMs }) => [r, momentMs]))
    const drawn = new Map<string, number>()
    for (const item of await planItems(tx, id, n)) {
      const moment = moments.get(item.round) ?? 0
      drawn.set(item.hotkey, Math.max(moment, drawn.get(item.hotkey) ?? 0))
    }
    const inFlight = await requestsInFlight(tx, id)
    const rooms = provers.map(({ hotkey, capacity }) => {
      const ofIt = inFlight.get(hotkey)?.length ?? 0
      return { hotkey, room: roomOf({ gpus: declaredGpus(capacity), inFlight: ofIt }) }
    })
    const { hotkeys = [] } = (await router?.among()) ?? {}
    const busy = leftOut(rooms, hotkeys)
    if (!(await beginRound(tx, id, n, { kind: 'challenge', round, busy }))) return false
    const candidates = from.inputs.provers
      .filter(({ hotkey }) => !busy.includes(hotkey))
      .map(({ hotkey, registeredBlock, lastFullCheckN }) => ({
        hotkey,
        registeredBlock,
        lastFullCheck: lastFullCheck({ n, drawnMs: drawn.get(hotkey), before: lastFullCheckN }),
      }))
    const label = `challenge/${round}`
    const sample = drawSample(from.source, label, candidates, from.profile.sampleSize)
    router?.hold(sample.map(({ hotkey }) => hotkey))
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
    const items = await planItems(tx, id, n, { round })
    await insertAttempts(
      tx,
      id,
      items.map((item) => challengeOf(n, item, provers)),
    )
    return true
  })
}

/** A prover drawn in this interval counts as checked, whatever the outcome. */
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
