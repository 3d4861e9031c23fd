import { FractalError } from '../base/errors.js'
import { workOf } from '../formats/generation.js'
import {
  type AttemptRow,
  attemptsOf,
  blameNeutral,
  recordOutcomes,
  startAttempts,
} from '../ledger/attempts.js'
import { putFrames } from '../ledger/frames.js'
import { failJob, getJob, type JobRow } from '../ledger/jobs.js'
import { type RoutingCandidateRow, routingCandidates } from '../ledger/routing.js'
import { INFERENCE_PENALTY_PPM } from '../rules/constants.js'
import type { AttemptEnd } from '../rules/video-run.js'
import { askProver } from '../wire/client.js'
import type { AskOutcome } from '../wire/outcome.js'
import { ownFault, resultOf } from './attempt-result.js'
import { BatchWriter } from './batch-writer.js'
import { beating } from './beat.js'
import { chooseProver } from './choose-prover.js'
import type { InferenceDeps } from './inference-deps.js'
import { JobNotes } from './job-notes.js'
import { packFrame } from './pack-frame.js'
import { decodeBody, encodeBody, expectedOf } from './request-body.js'
import { watchCancel } from './watch-cancel.js'

export interface AttemptVideoInput {
  readonly jobId: string
  /** From 1. */
  readonly attempt: number
}

/** Who is asked, with what; the prover is null when it can't be reached any more. */
interface Asked {
  readonly row: AttemptRow
  readonly prover: RoutingCandidateRow | null
  /** The same request was sent before. */
  readonly resent: boolean
}

/** The activity: `attemptVideo` with heartbeats. */
export function createAttemptVideo(deps: InferenceDeps) {
  return (input: AttemptVideoInput): Promise<AttemptEnd> =>
    beating((signal, beat) => attemptVideo(deps, input, signal, beat))
}

/**
 * One attempt at a user's request: picks a prover, stores what will be sent, asks, stores the frames
 * as they come and the outcome once. Repeated after a crash, or by another worker at the same time, it
 * sends the same bytes to the same prover, which replays its stored answer.
 * @param signal gives up without an outcome: somebody else goes on
 * @param beat told how far it is, for people
 */
export async function attemptVideo(
  deps: InferenceDeps,
  { jobId, attempt }: AttemptVideoInput,
  signal: AbortSignal,
  beat: (details: string) => void,
): Promise<AttemptEnd> {
  const job = await getJob(deps.db, jobId)
  if (job === null) throw new FractalError('no_such_job', `there is no job ${jobId}`)
  const before = await attemptsOf(deps.db, job.inferenceId)
  const stored = before.find((row) => row.attemptNo === attempt)
  if (stored !== undefined && stored.outcome !== null) {
    return conclude(deps, job, before, stored.outcome, stored.reason)
  }
  // Ended already: its user cancelled it while nobody was at it, or another worker ended it.
  if (job.status === 'failed') return { kind: 'cancelled' }
  if (job.cancelRequestedAt !== null && stored === undefined) {
    return conclude(deps, job, before, 'neutral', 'cancelled')
  }
  const asked =
    stored === undefined
      ? await start(deps, job, attempt, before)
      : { row: stored, prover: await proverOf(deps, stored), resent: true }
  if (asked === null) return { kind: 'no_prover' }
  const outcome = await ask(deps, job, asked, signal, beat)
  // The worker is shutting down: no outcome of anybody. Another worker sends the same bytes again.
  signal.throwIfAborted()
  const [recorded] = await recordOutcomes(deps.db, deps.id, [outcomeOf(job, asked, outcome)])
  return conclude(deps, job, before, recorded!.outcome, recorded!.reason)
}

async function start(
  deps: InferenceDeps,
  job: JobRow,
  attempt: number,
  before: readonly AttemptRow[],
): Promise<Asked | null> {
  const work = workOf(job)
  const chosen = await chooseProver(deps, work, before)
  if (chosen === null) return null
  const requestId = deps.newRequestId()
  const { bytes, sha256 } = encodeBody({
    request_id: requestId,
    query: job.prompt,
    private_input: { negative_prompt: job.negativePrompt },
    sampling_params: {
      seed: job.seed,
      num_inference_steps: job.steps,
      guidance_scale: job.guidanceMilli / 1000,
      width: job.width,
      height: job.height,
      num_frames: job.frames,
      fps: job.fps,
    },
    model: job.model,
    deadline_ms: chosen.deadlineMs,
  })
  const { hotkey, registeredBlock } = chosen.prover
  const [row] = await startAttempts(deps.db, deps.id, [
    {
      requestId,
      hotkey,
      registeredBlock,
      n: null,
      kind: 'inference',
      inferenceId: job.inferenceId,
      attemptNo: attempt,
      body: bytes,
      bodySha256: sha256,
      work,
      counted: job.counted,
      apiKeyId: job.apiKeyId,
      deadlineMs: chosen.deadlineMs,
    },
  ])
  // Another worker may have stored its own choice first.
  const ours = row!.requestId === requestId
  return {
    row: row!,
    prover: ours ? chosen.prover : await proverOf(deps, row!),
    resent: !ours,
  }
}

/** Null when it was chosen in an interval before, and the newest one did not reach it. */
async function proverOf(deps: InferenceDeps, row: AttemptRow): Promise<RoutingCandidateRow | null> {
  const candidates = await routingCandidates(deps.db, deps.id)
  return candidates.find((other) => other.hotkey === row.hotkey) ?? null
}

async function ask(
  deps: InferenceDeps,
  job: JobRow,
  { row, prover }: Asked,
  signal: AbortSignal,
  beat: (details: string) => void,
): Promise<AskOutcome | null> {
  if (prover === null) return null
  const notes = new JobNotes(deps.db, job.id)
  notes.progress(0)
  const cancel = watchCancel(deps, job.id, signal)
  // Stored as they come; a slow ledger is never a prover's failure. A write that fails shows in
  // `finished`, and its frames come again with the replay.
  const frames = new BatchWriter<[index: number, rgb: Uint8Array]>(async (batch) => {
    const packed = await Promise.all(batch.map(([index, rgb]) => packFrame(index, rgb)))
    await putFrames(deps.db, row.requestId, packed)
  })
  try {
    const expected = expectedOf(decodeBody(row.body))
    const outcome = await askProver({
      address: { ip: prover.axonIp, port: prover.axonPort },
      receiver: row.hotkey,
      signer: deps.signer,
      body: row.body,
      expected,
      terms: { genesisHash: deps.genesisHash, netuid: deps.id.netuid },
      modelRoot: prover.modelRoot,
      allowPrivate: deps.allowPrivateAddresses,
      deadlineMs: row.deadlineMs,
      signal: cancel.signal,
      onFrame: (index, rgb) => frames.add([index, rgb]),
      onRecord: (header) => {
        if (header.type === 'accepted') notes.position(header.position)
        if (header.type !== 'progress') return
        beat(`step ${header.step} of ${header.steps}`)
        // Ninety-nine at most: the last per cent is the file.
        notes.progress(Math.min(99, Math.floor((100 * header.step) / header.steps)))
      },
    })
    if (outcome.kind === 'answered') await frames.finished()
    else notes.position(null)
    return outcome
  } finally {
    cancel.stop()
    await Promise.all([frames.abandoned(), notes.written()])
  }
}

function outcomeOf(job: JobRow, { row, resent }: Asked, outcome: AskOutcome | null) {
  const result = outcome === null ? ownFault('not asked again') : resultOf(outcome, { resent })
  // A counted request's own failure is an observation of its prover (mechanism section 2).
  const verdict =
    result.outcome === 'failure' && job.counted
      ? { verdict: 'fail' as const, reason: result.reason, rewardPpm: INFERENCE_PENALTY_PPM }
      : null
  return { requestId: row.requestId, ...result, verdict }
}

async function conclude(
  deps: InferenceDeps,
  job: JobRow,
  before: readonly AttemptRow[],
  outcome: string,
  reason: string | null,
): Promise<AttemptEnd> {
  if (outcome === 'success') {
    if (before.some((row) => row.outcome === 'neutral')) {
      await blameNeutral(deps.db, deps.id, job.inferenceId, INFERENCE_PENALTY_PPM)
    }
    return { kind: 'answered' }
  }
  if (outcome === 'refused') return { kind: 'refused' }
  if (reason === 'cancelled') {
    await failJob(deps.db, job.id, { code: 'cancelled', message: 'The request was cancelled.' })
    return { kind: 'cancelled' }
  }
  return { kind: 'failed_over', ...(reason === null ? {} : { reason }) }
}
