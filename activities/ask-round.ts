import { deflateSync } from 'node:zlib'
import {
  type AttemptRow,
  type NewOutcome,
  recordOutcomes,
  recordRefusals,
  startAttempts,
} from '../ledger/attempts.js'
import { type FrameRow, putFrames } from '../ledger/frames.js'
import { type PlanItemRow, planItems } from '../ledger/plans.js'
import { type IntervalProverRow, intervalProvers, updateAxons } from '../ledger/provers.js'
import { askProver } from '../wire/client.js'
import type { AskOutcome } from '../wire/outcome.js'
import { resultOf } from './attempt-result.js'
import { beating } from './beat.js'
import { decodeBody, expectedOf } from './request-body.js'
import type { VerifierDeps } from './verifier-deps.js'

export interface AskedRound {
  readonly answered: number
  readonly failed: number
  readonly refused: number
  /** The block at which a refused challenge is asked again; null when all have their outcome. */
  readonly nextMoment: number | null
}

/** Refused so often, a challenge is a `fail` (mechanism section 2). */
const REFUSALS_ALLOWED = 3

/**
 * Asks a round's provers at the same instant, those whose moment has come and who have no outcome.
 * Asked again after a crash, a prover gets the same bytes and replays its stored answer.
 */
export function createAskRound(deps: VerifierDeps) {
  return async ({ n, round }: { n: number; round: number }): Promise<AskedRound> =>
    beating(async (signal, beat) => {
      const { db, id, chain } = deps
      const items = await planItems(db, id, n, { round })
      const provers = await freshProvers(deps, n)
      const firstAsked = Date.now()
      const attempts = await startAttempts(
        db,
        id,
        items.map((item) => challengeOf(n, item)),
      )
      const { number: now } = await chain.finalized()
      const due = attempts.filter(
        (row, i) => row.outcome === null && dueBlock(items[i]!, row.refusals) <= now,
      )
      beat(`asking ${due.length} provers`)
      const outcomes = await Promise.all(
        due.map(async (attempt) => {
          // An attempt stored earlier may have been sent then: its time would be a replay's.
          const resent = attempt.refusals > 0 || attempt.askedAt.getTime() < firstAsked - 1000
          return ask(deps, attempt, provers.get(attempt.hotkey), resent, signal)
        }),
      )
      signal.throwIfAborted()
      await recordOutcomes(
        db,
        id,
        outcomes.flatMap((outcome) => (outcome.kind === 'ended' ? [outcome.row] : [])),
      )
      await recordRefusals(
        db,
        outcomes.flatMap((outcome) => (outcome.kind === 'refused' ? [outcome.row] : [])),
      )
      return summary(deps, n, round)
    })
}

type Asked =
  | { kind: 'ended'; row: NewOutcome }
  | { kind: 'refused'; row: { requestId: string; refusals: number } }

async function ask(
  deps: VerifierDeps,
  attempt: AttemptRow,
  prover: IntervalProverRow | undefined,
  resent: boolean,
  signal: AbortSignal,
): Promise<Asked> {
  const { requestId } = attempt
  const frames: FrameRow[] = []
  let outcome: AskOutcome
  if (prover?.axonIp == null || prover.axonPort === null || prover.modelRoot === null) {
    const message = prover?.unreachableReason ?? 'no address on the chain'
    outcome = { kind: 'failed', reason: 'unreachable', message, progressed: false }
  } else {
    outcome = await askProver({
      address: { ip: prover.axonIp, port: prover.axonPort },
      receiver: attempt.hotkey,
      signer: deps.signer,
      body: attempt.body,
      expected: expectedOf(decodeBody(attempt.body)),
      terms: { genesisHash: deps.chain.genesisHash, netuid: deps.id.netuid },
      modelRoot: prover.modelRoot,
      allowPrivate: deps.allowPrivateAddresses,
      deadlineMs: attempt.deadlineMs,
      signal,
      onFrame: (index, rgb) => {
        // Deflated anew: a prover's own zlib bytes may be as large as its cap allows.
        frames.push({ index, zlib: deflateSync(rgb, { level: 1 }) })
      },
    })
  }
  if (outcome.kind === 'refused' && attempt.refusals + 1 < REFUSALS_ALLOWED) {
    return { kind: 'refused', row: { requestId, refusals: attempt.refusals + 1 } }
  }
  if (outcome.kind === 'answered') await putFrames(deps.db, requestId, frames)
  return { kind: 'ended', row: { requestId, verdict: null, ...resultOf(outcome, { resent }) } }
}

/** The interval's provers by hotkey, at the addresses that the chain's head names now. */
async function freshProvers(
  deps: VerifierDeps,
  n: number,
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
    body: item.body,
    bodySha256: item.bodySha256,
    work: expectedOf(decodeBody(item.body)).work,
    counted: true,
    apiKeyId: null,
    deadlineMs: item.deadlineMs,
  }
}

function dueBlock(item: PlanItemRow, refusals: number): number {
  return (
    [item.momentBlock, item.firstRetryBlock, item.secondRetryBlock][refusals] ??
    item.secondRetryBlock
  )
}

async function summary(deps: VerifierDeps, n: number, round: number): Promise<AskedRound> {
  const { db, id } = deps
  const items = await planItems(db, id, n, { round })
  const rows = await startAttempts(
    db,
    id,
    items.map((item) => challengeOf(n, item)),
  )
  const waiting = items.flatMap((item, i) =>
    rows[i]!.outcome === null ? [dueBlock(item, rows[i]!.refusals)] : [],
  )
  const count = (outcome: string) => rows.filter((row) => row.outcome === outcome).length
  return {
    answered: count('success'),
    failed: count('failure'),
    refused: waiting.length + count('refused'),
    nextMoment: waiting.length === 0 ? null : Math.min(...waiting),
  }
}
