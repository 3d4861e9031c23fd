import { FractalError } from '../../base/errors.js'
import {
  type AttemptRow,
  attemptsOf,
  attemptsOfJob,
  chargeNeutralAttempts,
  recordOutcomes,
} from '../../ledger/requests/attempts.js'
import { failJob, getJob, type JobRow } from '../../ledger/requests/jobs.js'
import { isOwnFault } from '../../rules/judge/own-failure.js'
import type { AttemptEnd } from '../../rules/routing/video-run.js'
import type { InferenceDeps } from '../inference-deps.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { HedgedRequest, type HedgeResult } from './hedged-request.js'
import { KeptAnswers } from './kept-answers.js'
import { findOwnFaults, outcomeOf } from './own-faults.js'
import { percentOfFrames, percentOfSteps } from './percent-done.js'
import type { RequestTarget } from './request-video.js'
import { askedBefore, startAttempt } from './start-attempt.js'

export interface AttemptVideoInput {
  readonly jobId: string
  /** From 1. */
  readonly attempt: number
}

/** What an attempt begins with. */
export interface KnownOfJob {
  readonly job: Promise<JobRow | null>
  readonly before: Promise<AttemptRow[]>
  /** Of the router's table. */
  readonly read: Promise<void>
}

/** Reads what an attempt begins with, all at the same time: each takes a round trip. */
export function readKnown(deps: InferenceDeps, jobId: string): KnownOfJob {
  const known = {
    job: getJob(deps.db, jobId),
    before: attemptsOfJob(deps.db, jobId),
    read: deps.routes.read(deps.block()),
  }
  // Thrown by the attempt, if there is one.
  for (const one of Object.values(known)) one.catch(() => undefined)
  return known
}

/** The activity: `attemptVideo` with heartbeats. */
export function createAttemptVideo(deps: InferenceDeps) {
  return (input: AttemptVideoInput): Promise<AttemptEnd> =>
    withHeartbeat((signal, _, note) => attemptVideo(deps, input, signal, note))
}

/**
 * One attempt at a user's request: picks a prover, stores what will be sent, sends it, stores the frames as
 * they arrive and the outcome once. If repeated after a crash, or by another worker at the same time, it
 * sends the same bytes to the same prover, which replays its stored answer.
 * @param signal aborts without an outcome: another worker continues
 * @param note called with the progress, in words
 * @param known what `readKnown` returned moments ago, where that was called ahead
 */
export async function attemptVideo(
  deps: InferenceDeps,
  { jobId, attempt }: AttemptVideoInput,
  signal: AbortSignal,
  note: (details: string) => void,
  known: KnownOfJob = readKnown(deps, jobId),
): Promise<AttemptEnd> {
  const { read } = known
  const [job, before] = await Promise.all([known.job, known.before])
  if (job === null) throw new FractalError('no_such_job', `there is no job ${jobId}`)
  const mine = before.filter((row) => row.attemptNo === attempt)
  const open = mine.filter((row) => row.outcome === null)
  if (hasSuccess(before) || (mine.length > 0 && open.length === 0)) {
    return conclude(deps, job, before, mine)
  }
  // Already ended: its user cancelled it while no worker ran it, or another worker ended it.
  if (job.status === 'failed') return { kind: 'cancelled' }
  if (job.cancelRequestedAt !== null && open.length === 0) {
    return conclude(deps, job, before, [{ outcome: 'neutral', reason: 'cancelled' }])
  }
  const started =
    open.length > 0
      ? { asked: await askedBefore(deps, open), freeInMs: null }
      : await startAttempt(deps, job, attempt, before, { hedge: false, read })
  const { asked, freeInMs } = started
  if (asked.length === 0) {
    // No prover can take it, or another worker that also runs it already has the answer.
    const now = await attemptsOf(deps.db, job.inferenceId)
    if (hasSuccess(now)) return conclude(deps, job, now, [])
    return { kind: 'no_prover', ...(freeInMs === null ? {} : { freeInMs }) }
  }
  const answers = new KeptAnswers(deps, job)
  const ends = await askAll(deps, job, attempt, before, asked, answers, signal, note)
  // The worker is shutting down: no prover gets an outcome. Another worker sends the same bytes again.
  signal.throwIfAborted()
  const own = await findOwnFaults(deps, ends, signal)
  await recordOutcomes(
    deps.db,
    deps.id,
    ends.map((end) => outcomeOf(end, own)),
  )
  const after = await attemptsOf(deps.db, job.inferenceId)
  const end = await conclude(
    deps,
    job,
    after,
    after.filter((row) => row.attemptNo === attempt),
  )
  if (end.kind !== 'answered') return end
  return { ...end, finished: await answers.complete(after) }
}

/** Asks this attempt's prover or provers, and a second one if the first is slow to begin. */
async function askAll(
  deps: InferenceDeps,
  job: JobRow,
  attempt: number,
  before: readonly AttemptRow[],
  asked: readonly RequestTarget[],
  answers: KeptAnswers,
  signal: AbortSignal,
  note: (details: string) => void,
): Promise<HedgeResult[]> {
  const notes = deps.jobs.progressOf(job.id)
  const cancel = deps.jobs.watchCancel(job.id, signal)
  const [first] = asked
  const hooks = {
    onPosition: (position: number) => notes.position(position),
    onProgress: (step: number, steps: number) => {
      note(`step ${step} of ${steps}`)
      notes.progress(percentOfSteps(step, steps))
    },
    onFrame: (index: number, frames: number) => notes.progress(percentOfFrames(index, frames)),
    onAnswer: (...answer: Parameters<KeptAnswers['add']>) => {
      // Its end follows at once: a quick prover's progress would only delay it.
      notes.drop()
      answers.add(...answer)
    },
  }
  const second = async () =>
    (await startAttempt(deps, job, attempt, [...before, first!.row], { hedge: true })).asked[0] ??
    null
  let isAnswered = false
  try {
    const race = new HedgedRequest(deps, cancel.signal, hooks, second)
    notes.progress(0)
    const ends = await race.run(asked)
    isAnswered = ends.some(({ outcome }) => outcome?.kind === 'answered')
    if (!isAnswered) notes.position(null)
    return ends
  } finally {
    cancel.stop()
    if (isAnswered) notes.drop()
    else await notes.written()
  }
}

type Ends = readonly Pick<AttemptRow, 'outcome' | 'reason'>[]

function hasSuccess(rows: Ends): boolean {
  return rows.some(({ outcome }) => outcome === 'success')
}

/**
 * What the outcomes of an attempt's provers mean for the request.
 * @param rows of all its attempts: another worker may have got an answer from any of them
 */
async function conclude(
  deps: InferenceDeps,
  job: JobRow,
  rows: Ends,
  ends: Ends,
): Promise<AttemptEnd> {
  if (hasSuccess(rows)) {
    if (rows.some(({ outcome }) => outcome === 'neutral')) {
      await chargeNeutralAttempts(deps.db, deps.id, job.inferenceId)
    }
    return { kind: 'answered' }
  }
  if (ends.some(({ reason }) => reason === 'cancelled')) {
    await failJob(deps.db, job.id, { code: 'cancelled', message: 'The request was cancelled.' })
    return { kind: 'cancelled' }
  }
  const decisive = ends.filter(({ reason }) => reason !== 'outpaced')
  if (decisive.every(({ outcome }) => outcome === 'refused')) return { kind: 'refused' }
  const reason = decisive.find(({ outcome }) => outcome !== 'refused')?.reason ?? null
  if (isOwnFault(reason)) return { kind: reason }
  return { kind: 'failed_over', ...(reason === null ? {} : { reason }) }
}
