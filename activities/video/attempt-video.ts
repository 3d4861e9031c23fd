import { FractalError } from '../../base/errors.js'
import { generationBody, workOf } from '../../formats/generation.js'
import { proverAxons } from '../../ledger/provers/routing.js'
import {
  type AttemptRow,
  attemptsOf,
  attemptsOfJob,
  chargeNeutralAttempts,
  hedgeLoserResult,
  recordOutcomes,
  startAttempts,
} from '../../ledger/requests/attempts.js'
import { failJob, getJob, type JobRow } from '../../ledger/requests/jobs.js'
import { answerCheck, PERMIT_KNOWN_MS } from '../../rules/judge/own-failure.js'
import type { AttemptEnd } from '../../rules/routing/video-run.js'
import { encodeBody } from '../../wire/generation-body.js'
import { clockWord } from '../../wire/outcome.js'
import type { InferenceDeps } from '../inference-deps.js'
import { axonNetwork } from '../shared/axon-network.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { foundOwnClock } from '../shared/is-own-clock.js'
import { foundOwnNetwork } from '../shared/is-own-network.js'
import { attemptResult, verifierFault } from './attempt-result.js'
import { chooseProver } from './choose-prover.js'
import { HedgedRequest, type HedgeResult } from './hedged-request.js'
import { KeptAnswers } from './kept-answers.js'
import { percentOfFrames, percentOfSteps } from './percent-done.js'
import type { RequestTarget } from './request-video.js'

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
      : await start(deps, job, attempt, before, { hedge: false, read })
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
  const ownClock = await foundOwnClock(deps, answersOf(ends), () => witnesses(deps), signal)
  const ownNetwork = await isOwnNetworkDown(deps, ends, signal)
  const isPermitted = deps.mayVerify(deps.id.verifier, PERMIT_KNOWN_MS)
  await recordOutcomes(
    deps.db,
    deps.id,
    ends.map((end) => outcomeOf(end, { ownClock, ownNetwork, isPermitted })),
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
    (await start(deps, job, attempt, [...before, first!.row], { hedge: true })).asked[0] ?? null
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

interface Started {
  /** Empty if no prover can take it. */
  readonly asked: readonly RequestTarget[]
  /**
   * If `asked` is empty because provers are only cooling down: milliseconds until the first may be asked.
   */
  readonly freeInMs: number | null
}

/** Chooses a prover and stores the request to send. */
async function start(
  deps: InferenceDeps,
  job: JobRow,
  attempt: number,
  before: readonly AttemptRow[],
  { hedge, read }: { hedge: boolean; read?: Promise<void> },
): Promise<Started> {
  const work = workOf(job)
  const chosen = await chooseProver(deps, work, before, read)
  if (chosen.hotkey === null) return { asked: [], freeInMs: chosen.freeInMs }
  const requestId = deps.newRequestId()
  const { bytes, sha256 } = encodeBody({
    ...generationBody(job, { request_id: requestId, model: job.model }),
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
      hedge,
      body: bytes,
      bodySha256: sha256,
      work,
      counted: job.counted,
      apiKeyId: job.apiKeyId,
      deadlineMs: chosen.deadlineMs,
      blockRange: chosen.blockRange,
      gpus: chosen.gpus,
    },
  ])
  // Answered in the meantime by a prover that another worker asked.
  if (row === undefined || row.outcome !== null) return { asked: [], freeInMs: null }
  // Another worker may have stored its own choice first.
  if (row.requestId !== requestId) {
    return { asked: await askedBefore(deps, [row]), freeInMs: null }
  }
  const { prover, usPerWork, mayBeHedged } = chosen
  return { asked: [{ row, prover, usPerWork, mayBeHedged, resent: false }], freeInMs: null }
}

/** What was stored before, by a worker that died or by another one: the same bytes are sent again. */
async function askedBefore(
  deps: InferenceDeps,
  rows: readonly AttemptRow[],
): Promise<RequestTarget[]> {
  const axons = await proverAxons(
    deps.db,
    deps.id,
    rows.map(({ hotkey }) => hotkey),
  )
  return rows.map((row) => ({
    row,
    prover: axons.find(({ hotkey }) => hotkey === row.hotkey) ?? null,
    usPerWork: null,
    mayBeHedged: false,
    resent: true,
  }))
}

function answersOf(ends: readonly HedgeResult[]) {
  return ends.flatMap(({ asked: { row }, outcome }) =>
    outcome === null ? [] : [{ hotkey: row.hotkey, word: clockWord(outcome) }],
  )
}

/** Provers that can be asked whether our clock is wrong. */
async function witnesses(deps: InferenceDeps) {
  return (await proverAxons(deps.db, deps.id, null)).map(
    ({ hotkey, axonIp: ip, axonPort: port }) => ({
      hotkey,
      address: { ip, port },
    }),
  )
}

/** Whether nobody can be reached: those that were asked, nor a few others. */
async function isOwnNetworkDown(
  deps: InferenceDeps,
  ends: readonly HedgeResult[],
  signal: AbortSignal,
): Promise<boolean> {
  const isUnreachable = ({ outcome }: HedgeResult) =>
    outcome?.kind === 'failed' && outcome.reason === 'unreachable'
  if (ends.length === 0 || !ends.every(isUnreachable)) return false
  const all = await proverAxons(deps.db, deps.id, null)
  const asked = all
    .filter(({ hotkey }) => ends.some((end) => end.asked.row.hotkey === hotkey))
    .map(({ hotkey, coldkey, axonIp }) => ({
      ...{ hotkey, coldkey, network: axonNetwork(axonIp), reached: false },
    }))
  return foundOwnNetwork(deps, asked, all, signal)
}

/** What of our own may be at fault. */
interface OwnState {
  readonly ownClock: boolean
  readonly ownNetwork: boolean
  readonly isPermitted: boolean
}

function resultOf({ asked, outcome, outpaced }: HedgeResult, own: OwnState) {
  const { ownClock, ownNetwork, isPermitted } = own
  if (outpaced) return hedgeLoserResult()
  if (outcome === null) return verifierFault('own_fault', 'not asked again')
  const result = attemptResult(outcome, { ...asked, isPermitted })
  if (result.reason === 'stale' && ownClock) return verifierFault('own_clock', result.message)
  if (result.reason === 'unreachable' && ownNetwork) {
    return verifierFault('own_fault', 'nobody could be reached')
  }
  return result
}

function outcomeOf(end: HedgeResult, own: OwnState) {
  const { row } = end.asked
  const result = resultOf(end, own)
  return { requestId: row.requestId, ...result, verdict: answerCheck(result) }
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
  if (reason === 'own_clock' || reason === 'own_fault') return { kind: reason }
  return { kind: 'failed_over', ...(reason === null ? {} : { reason }) }
}
