import type { ServerResponse } from 'node:http'
import type { Log } from '../base/log.js'
import { concat, fromHex, type Hex } from '../formats/bytes.js'
import { OPEN_WINDOW_MS, OPENINGS_MAX } from '../rules/constants.js'
import { WireError } from '../wire/error.js'
import { STREAM_MEDIA_TYPE } from '../wire/limits.js'
import {
  type OpenBody,
  type OpeningHeader,
  openBodySchema,
  parseJsonBody,
} from '../wire/schemas.js'
import { encodeRecord } from '../wire/stream.js'
import type { AuthorizedRequest } from './authorize.js'
import { requestKey } from './generate-route.js'
import { refuse, sendStream } from './http.js'
import type { AnswerStore, KeptAnswer } from './keeping/answer-store.js'
import type { StateStore } from './keeping/state-store.js'
import type { ProverMetrics } from './metrics.js'
import type { OpeningOutcome } from './outcomes.js'

export interface OpenDeps {
  answers: AnswerStore
  states: StateStore
  log: Log
  openings: ProverMetrics['openings']
}

type Refusal = { status: number; code: Exclude<OpeningOutcome, 'opened'>; message: string }

/**
 * `POST /v1/generations/{request_id}/open`: the digests of a signed answer, and the states around one step.
 * Only for the caller that sent the request (for others it does not exist), within 3 minutes, and at most two
 * different openings; a repeated one (its answer was lost) is answered again.
 */
export async function openRoute(
  visitor: AuthorizedRequest,
  requestId: string,
  res: ServerResponse,
  deps: OpenDeps,
): Promise<void> {
  const key = requestKey(visitor.caller, requestId)
  const opening = await readOpening(visitor, key, deps)
  const facts = { request_id: requestId, caller: visitor.caller }
  if ('status' in opening) {
    deps.openings.inc({ outcome: opening.code })
    deps.log.info({ ...facts, outcome: opening.code }, 'opening refused')
    refuse(res, opening.status, opening.code, opening.message)
    return
  }
  deps.openings.inc({ outcome: 'opened' })
  deps.log.info({ ...facts, step: opening.step }, 'opened')
  res.writeHead(200, { 'Content-Type': STREAM_MEDIA_TYPE })
  await sendStream(res, opening.records)
}

async function readOpening(
  { raw }: AuthorizedRequest,
  key: Hex,
  deps: OpenDeps,
): Promise<Refusal | { step: number; records: AsyncIterable<Uint8Array> }> {
  let asked: OpenBody
  try {
    asked = parseJsonBody(openBodySchema, raw)
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    return { status: 400, code: 'invalid_request', message: error.message }
  }
  const answer = await deps.answers.read(key)
  if (answer === null) {
    return { status: 404, code: 'unknown_request', message: 'you have no answer under this id' }
  }
  const steps = answer.step_digests.length - 1
  if (asked.step > steps || asked.frame > answer.frame_digests.length) {
    const message = `the answer has ${steps} steps and ${answer.frame_digests.length} frames`
    return { status: 400, code: 'invalid_request', message }
  }
  if (deps.answers.ageMs(key) > OPEN_WINDOW_MS) {
    return { status: 410, code: 'too_late', message: 'openings end 3 minutes after done' }
  }
  return grant(asked, key, answer, deps)
}

async function grant(
  { step, frame }: OpenBody,
  key: Hex,
  answer: KeptAnswer,
  { answers, states }: OpenDeps,
): Promise<Refusal | { step: number; records: AsyncIterable<Uint8Array> }> {
  const steps = answer.step_digests.length - 1
  const wanted = [step - 1, step, steps]
  const kept = await Promise.all(wanted.map((i) => states.read(key, i)))
  if (kept.includes(null)) {
    return { status: 410, code: 'states_gone', message: 'the states are not kept any more' }
  }
  const fresh = await answers.claimOpening(key, { step, frame }, OPENINGS_MAX)
  if (!fresh) {
    return { status: 409, code: 'opened_twice', message: 'a request is opened at most twice' }
  }
  const headers: OpeningHeader[] = [
    { type: 'state_before', step: step - 1 },
    { type: 'state_after', step },
    { type: 'final_latents', step: steps },
  ]
  const digests: OpeningHeader = { type: 'digests', steps, frames: answer.frame_digests.length }
  const list = concat(...[...answer.step_digests, ...answer.frame_digests].map(fromHex))
  async function* records() {
    yield encodeRecord(digests, list)
    for (const [i, header] of headers.entries()) yield encodeRecord(header, kept[i]!)
  }
  return { step, records: records() }
}
