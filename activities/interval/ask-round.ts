import { workOf } from '../../formats/generation.js'
import { type PlanItemRow, planItems } from '../../ledger/intervals/plans.js'
import {
  fillFacts,
  type IntervalProverRow,
  intervalProvers,
  updateAxons,
} from '../../ledger/provers/provers.js'
import {
  type AttemptRow,
  attemptFacts,
  type NewOutcome,
  recordOutcomes,
  recordRefusals,
  startAttempts,
} from '../../ledger/requests/attempts.js'
import { type FrameRow, putFrames } from '../../ledger/requests/frames.js'
import { isOwnNetwork } from '../../rules/judge/own-failure.js'
import { isAskedAgain, nextAskBlock } from '../../rules/plan/retries.js'
import { requestGeneration } from '../../wire/client.js'
import type { RequestOutcome } from '../../wire/outcome.js'
import { BatchWriter } from '../shared/batch-writer.js'
import { compressFrame } from '../shared/compress-frame.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { foundOwnClock } from '../shared/is-own-clock.js'
import { storedParams } from '../shared/stored-request.js'
import type { VerifierDeps } from '../verifier-deps.js'
import { attemptResult, verifierFault } from '../video/attempt-result.js'
import { fetchProverInfos } from './fetch-prover-infos.js'

export interface AskedRound {
  readonly answered: number
  readonly failed: number
  readonly refused: number
  /** The block at which a refused challenge is retried; null when all have their outcome. */
  readonly nextMoment: number | null
}

/**
 * Asks a round's provers concurrently: those that are due and have no outcome yet. On a retry after a
 * crash a prover gets the same bytes and replays its stored answer.
 */
export function createAskRound(deps: VerifierDeps) {
  return async ({ n, round }: { n: number; round: number }): Promise<AskedRound> =>
    withHeartbeat(async (signal, heartbeat) => {
      const { db, id, chain } = deps
      const items = await planItems(db, id, n, { round })
      const before = new Set(
        (
          await attemptFacts(
            db,
            items.map(({ requestId }) => requestId),
          )
        ).map((row) => row.requestId),
      )
      const attempts = await startAttempts(
        db,
        id,
        items.map((item) => challengeOf(n, item)),
      )
      const { number: now } = await chain.finalized()
      const due = attempts.filter(
        (row, i) => row.outcome === null && nextAskBlock(items[i]!, row.refusals) <= now,
      )
      const provers = await freshProvers(deps, n, due, signal)
      heartbeat(`asking ${due.length} provers`)
      // Stored as they arrive, so that one slow prover delays no other. One that could not be stored is
      // requested again, and replayed.
      const outcomes = new BatchWriter<NewOutcome>((batch) => recordOutcomes(db, id, batch))
      // Held back until all have ended: they say who is at fault only together.
      const doubtful: NewOutcome[] = []
      const asked: { hotkey: string; outcome: RequestOutcome }[] = []
      const refused = await Promise.all(
        due.map(async (attempt) => {
          // Stored before this call, it may have been sent then: its time would be a replay's.
          const resent = before.has(attempt.requestId)
          const outcome = await ask(deps, attempt, provers.get(attempt.hotkey), signal)
          signal.throwIfAborted()
          asked.push({ hotkey: attempt.hotkey, outcome })
          const refusals = attempt.refusals + 1
          if (outcome.kind === 'refused' && isAskedAgain(refusals)) {
            return [{ requestId: attempt.requestId, refusals }]
          }
          const row = {
            requestId: attempt.requestId,
            verdict: null,
            ...attemptResult(outcome, { resent }),
          }
          if (row.reason === 'unreachable' || row.reason === 'stale') doubtful.push(row)
          else outcomes.add(row)
          return []
        }),
      )
      const unreached = doubtful.filter(({ reason }) => reason === 'unreachable').length
      const ownNetwork = isOwnNetwork(due.length, unreached)
      const ownClock = await foundOwnClock(deps, asked, async () => witnesses(provers), signal)
      for (const row of doubtful) {
        if (row.reason === 'unreachable' && ownNetwork) {
          outcomes.add({ ...row, ...verifierFault('own_fault', 'nobody could be reached') })
        } else if (row.reason === 'stale' && ownClock) {
          outcomes.add({ ...row, ...verifierFault('own_clock', row.message) })
        } else outcomes.add(row)
      }
      await outcomes.finished()
      await recordRefusals(db, refused.flat())
      return summary(deps, n, round)
    })
}

async function ask(
  deps: VerifierDeps,
  attempt: AttemptRow,
  prover: IntervalProverRow | undefined,
  signal: AbortSignal,
): Promise<RequestOutcome> {
  if (prover?.axonIp == null || prover.axonPort === null || prover.modelRoot === null) {
    const message = prover?.unreachableReason ?? 'no address on the chain'
    return { kind: 'failed', reason: 'unreachable', message, progressed: false }
  }
  const frames: FrameRow[] = []
  const outcome = await requestGeneration({
    address: { ip: prover.axonIp, port: prover.axonPort },
    receiver: attempt.hotkey,
    signer: deps.signer,
    body: attempt.body,
    expected: storedParams(attempt),
    terms: { genesisHash: deps.chain.genesisHash, netuid: deps.id.netuid },
    modelRoot: prover.modelRoot,
    allowPrivate: deps.allowPrivateAddresses,
    mayVerify: deps.mayVerify,
    log: deps.log,
    deadlineMs: attempt.deadlineMs,
    signal,
    onFrame: async (index, rgb) => {
      frames.push(await compressFrame(index, rgb))
    },
  })
  if (outcome.kind === 'answered') await putFrames(deps.db, attempt.requestId, frames)
  return outcome
}

/** Who can be asked whether it is our clock. */
function witnesses(provers: ReadonlyMap<string, IntervalProverRow>) {
  return [...provers.values()].flatMap(({ hotkey, axonIp: ip, axonPort: port }) =>
    ip === null || port === null ? [] : [{ hotkey, address: { ip, port } }],
  )
}

/**
 * The interval's provers by hotkey, at the addresses that the chain's head names now. One that did not
 * answer when the interval opened is asked for its info again: a single lost packet must not cost it an
 * interval.
 */
async function freshProvers(
  deps: VerifierDeps,
  n: number,
  due: readonly AttemptRow[],
  signal: AbortSignal,
): Promise<Map<string, IntervalProverRow>> {
  const { db, id, chain } = deps
  const { neurons } = await chain.metagraph(id.netuid)
  await updateAxons(
    db,
    id,
    n,
    neurons.flatMap(({ hotkey, registeredBlock, axon }) =>
      axon === null ? [] : [{ hotkey, registeredBlock, axonIp: axon.ip, axonPort: axon.port }],
    ),
  )
  const provers = new Map((await intervalProvers(db, id, n)).map((row) => [row.hotkey, row]))
  const silent = neurons.filter(
    ({ hotkey, axon }) =>
      axon !== null &&
      provers.get(hotkey)?.reachable === false &&
      due.some((attempt) => attempt.hotkey === hotkey),
  )
  if (silent.length === 0) return provers
  const facts = await fetchProverInfos(deps, silent, signal)
  await fillFacts(
    db,
    id,
    n,
    silent.flatMap(({ hotkey, registeredBlock }, i) =>
      facts[i]!.reachable ? [{ hotkey, registeredBlock, ...facts[i]! }] : [],
    ),
  )
  return new Map((await intervalProvers(db, id, n)).map((row) => [row.hotkey, row]))
}

function challengeOf(n: number, item: PlanItemRow) {
  return {
    hotkey: item.hotkey,
    registeredBlock: item.registeredBlock,
    requestId: item.requestId,
    n,
    kind: 'challenge' as const,
    inferenceId: null,
    attemptNo: 1,
    hedge: false,
    body: item.body,
    bodySha256: item.bodySha256,
    work: workOf(storedParams(item)),
    counted: true,
    apiKeyId: null,
    deadlineMs: item.deadlineMs,
    blockRange: null,
  }
}

async function summary(deps: VerifierDeps, n: number, round: number): Promise<AskedRound> {
  const { db, id, chain } = deps
  const items = await planItems(db, id, n, { round })
  const rows = await attemptFacts(
    db,
    items.map(({ requestId }) => requestId),
  )
  const waiting = rows
    .filter((row) => row.outcome === null)
    .map((row) =>
      nextAskBlock(items.find(({ requestId }) => requestId === row.requestId)!, row.refusals),
    )
  const count = (outcome: string) => rows.filter((row) => row.outcome === outcome).length
  // Where the moments have passed (we were down), three refusals within a second would be one.
  const soonest = (await chain.finalized()).number + 1
  return {
    answered: count('success'),
    failed: count('failure'),
    refused: waiting.length + count('refused'),
    nextMoment: waiting.length === 0 ? null : Math.max(soonest, Math.min(...waiting)),
  }
}
