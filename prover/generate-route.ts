import { createHash } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { FractalError } from '../base/errors.js'
import type { Log } from '../base/log.js'
import type { RequestCaps } from '../engine/model/sizes.js'
import { validateParams } from '../engine/pipeline/params.js'
import type { Hex } from '../formats/bytes.js'
import { generationParams, workOf } from '../formats/generation.js'
import { decodeBody } from '../wire/generation-body.js'
import { STREAM_MEDIA_TYPE } from '../wire/limits.js'
import { assertWork, deadlineOf } from './allowance.js'
import type { AuthorizedRequest } from './authorize.js'
import type { Generation, ReceivedRequest } from './generation.js'
import { refuse, sendJson, sendStream } from './http.js'
import type { AnswerStore } from './keeping/answer-store.js'
import type { Keeping } from './keeping/keeping.js'
import type { ProverMetrics } from './metrics.js'
import type { RequestRegistry } from './request-registry.js'

export interface GenerateDeps {
  registry: RequestRegistry
  answers: AnswerStore
  keeping: Keeping
  /** Whether a GPU computes different bytes than at startup. */
  hasChanged(): boolean
  /** The name of the model served here. */
  model: string
  /** steps · frames · width · height of its standard video; null if it has none. */
  standardWork: number | null
  /** Limits on one request for this model. */
  caps: RequestCaps
  log: Log
  requests: ProverMetrics['requests']
}

/** For problems that an operator has to fix. */
const OPERATOR_RETRY_S = 60

/** Most provers that stop are soon restarted. */
const RESTART_S = 30

/** The key of a request and its answer: no caller can touch another's ids. */
export function requestKey(caller: string, requestId: string): Hex {
  return createHash('sha256').update(`${caller}\n${requestId}`).digest('hex')
}

/** `POST /v1/generate`, for an authorized caller. */
export async function generateRoute(
  visitor: AuthorizedRequest,
  res: ServerResponse,
  deps: GenerateDeps,
): Promise<void> {
  const { registry, keeping, log, requests } = deps
  const request = readRequest(visitor, res, deps)
  if (request === null) {
    requests.inc({ outcome: 'invalid' })
    return
  }
  const facts = { request_id: request.body.request_id, caller: request.caller }
  if (!registry.knows(request) && (await keeping.problem()) !== null) {
    requests.inc({ outcome: 'cannot_keep' })
    refuseNow(request, res, deps, {
      ...{ code: 'cannot_keep', message: 'no answer can be kept at the moment' },
      retryAfterS: OPERATOR_RETRY_S,
      logged: 'request refused: its answer could not be kept',
    })
    return
  }
  if (deps.hasChanged() && !registry.knows(request)) {
    requests.inc({ outcome: 'class_changed' })
    refuseNow(request, res, deps, {
      ...{ code: 'class_changed', message: 'this prover stopped serving: its class changed' },
      ...{ retryAfterS: OPERATOR_RETRY_S, logged: 'request refused: the class changed' },
    })
    return
  }
  if (registry.isClosed && !registry.knows(request)) {
    requests.inc({ outcome: 'stopping' })
    refuseNow(request, res, deps, {
      ...{ code: 'stopping', message: 'this prover is stopping' },
      ...{ retryAfterS: RESTART_S, logged: 'request refused: the prover is stopping' },
    })
    return
  }
  const ticket = registry.take(request)
  switch (ticket.kind) {
    case 'conflict':
      requests.inc({ outcome: 'conflict' })
      refuse(res, 409, 'conflict', 'this request id was asked with another body')
      return
    case 'full':
      requests.inc({ outcome: 'full' })
      refuseNow(request, res, deps, {
        ...{ code: 'queue_full', message: 'no place is free for you at the moment' },
        ...{ retryAfterS: ticket.retryAfterS, logged: 'request refused: the queue is full' },
      })
      return
    case 'kept':
      requests.inc({ outcome: 'kept' })
      log.info(facts, 'stored answer resent')
      await sendKept(request.key, res, deps)
      return
    case 'live':
      if (ticket.attached) requests.inc({ outcome: 'attached' })
      else reportEnd(ticket.generation, facts, deps)
      await sendLive(ticket.generation, res)
  }
}

/** 429, with proof of who else occupies this prover. */
function refuseNow(
  { caller, priority, body }: ReceivedRequest,
  res: ServerResponse,
  { registry, log }: GenerateDeps,
  refusal: { code: string; message: string; retryAfterS: number; logged: string },
): void {
  const { permit } = priority
  // Only callers with a permit can use it.
  const taken = permit ? registry.takenByOthers(caller) : []
  const facts = { request_id: body.request_id, caller, permit, taken: taken.length }
  log.info(facts, refusal.logged)
  const { code, message, retryAfterS } = refusal
  sendJson(res, 429, { error: { code, message }, taken }, { 'Retry-After': String(retryAfterS) })
}

function reportEnd(generation: Generation, facts: object, { log, requests }: GenerateDeps): void {
  log.info(facts, 'request accepted')
  generation.onEnd(() => {
    const outcome = generation.end ?? 'internal'
    requests.inc({ outcome })
    log.info({ ...facts, outcome }, 'request ended')
  })
}

function readRequest(
  visitor: AuthorizedRequest,
  res: ServerResponse,
  { model, standardWork, caps, registry }: GenerateDeps,
): ReceivedRequest | null {
  try {
    const body = decodeBody(visitor.raw)
    if (body.model !== model) {
      refuse(res, 400, 'model_unknown', `this prover serves the model ${model}`)
      return null
    }
    // The engine checks the model's valid sizes when it begins.
    const params = generationParams(body)
    validateParams(params, { sizeMultiple: 1, framesEvery: 1, caps })
    const work = workOf(params)
    const { permit } = visitor.priority
    const measures = { standardWork, usPerWork: registry.usPerWork(work), coldUs: registry.coldUs }
    assertWork(work, permit, measures)
    return {
      ...visitor,
      body,
      work,
      deadlineMs: deadlineOf({ deadlineMs: body.deadline_ms, work, permit }, measures),
      key: requestKey(visitor.caller, body.request_id),
      rawSha256: createHash('sha256').update(visitor.raw).digest('hex'),
    }
  } catch (error) {
    if (!(error instanceof FractalError)) throw error
    if (error.code === 'work_needs_permit') refuse(res, 403, error.code, error.message)
    else if (error.code === 'invalid_seed') refuse(res, 400, error.code, error.message)
    else refuse(res, 400, 'invalid_request', error.message)
    return null
  }
}

async function sendLive(generation: Generation, res: ServerResponse): Promise<void> {
  const gone = new AbortController()
  res.once('close', () => gone.abort())
  res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
  await sendStream(res, generation.follow(gone.signal))
}

async function sendKept(key: Hex, res: ServerResponse, { answers }: GenerateDeps): Promise<void> {
  const file = await answers.openRecords(key)
  if (file === null) {
    refuse(res, 503, 'answer_gone', 'the stored answer was just evicted: retry')
    return
  }
  try {
    res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
    await sendStream(res, file.createReadStream({ autoClose: false }))
  } finally {
    await file.close()
  }
}
