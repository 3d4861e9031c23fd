import { hash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { messageOf } from '../base/errors.js'
import type { Log } from '../base/log.js'
import { sanitizeText } from '../base/sanitize-text.js'
import { type Signer, verifyText } from '../base/sr25519.js'
import { answerText } from '../formats/answer.js'
import type { Hex } from '../formats/bytes.js'
import { isRequestId } from '../formats/request-id.js'
import type { WorkShape } from '../formats/video-shape.js'
import { FIRST_RECORD_MS, STALL_MS } from '../rules/constants.js'
import { framesMs } from '../rules/routing/deadlines.js'
import { type AnswerEvent, AnswerReader } from './answer-reader.js'
import { type AxonAddress, type VettedAddress, vetAddress } from './axon-address.js'
import { freshNonce, requestAuthOf, signRequest } from './btauth.js'
import { WireError } from './error.js'
import { Exchange } from './exchange.js'
import { maxCompressedBytes, STREAM_MEDIA_TYPE } from './limits.js'
import type { Answered, RequestOutcome } from './outcome.js'
import { failedOutcome } from './outcome.js'
import { expectOk } from './refusal.js'
import type { AnswerErrorCode, AnswerHeader, DoneHeader } from './schemas.js'
import { RecordDecoder, type StreamLimits } from './stream.js'
import { readTaken, sendTaken, validTaken } from './taken.js'

const TARGET = '/v1/generate'
/** After `done` the stream must end; we don't wait longer than this for it. */
const END_MS = 1000

export interface RequestOptions {
  address: AxonAddress
  /** ss58 of the prover's hotkey. */
  receiver: string
  signer: Signer
  /** The exact JSON bytes of a GenerationBody; a resend has the same. */
  body: Uint8Array
  expected: WorkShape
  terms: { genesisHash: Hex; netuid: number }
  /** The prover's own model root, from its /v1/info: the signature binds it. */
  modelRoot: Hex
  /** The determinism class of an answer that counts as one: the recorded one. Null: any. */
  determinismClass?: string | null
  /** Development: reach loopback and private addresses. */
  allowPrivate: boolean
  /** From now to `done`, by this side's clock; extended by `framesMs` for the bytes that arrive. */
  deadlineMs: number
  /** Until the connection is established. Default 3000. */
  connectMs?: number
  /** Until the first record. Default FIRST_RECORD_MS. */
  firstRecordMs?: number
  /** Between two records once this request is running. Default STALL_MS. */
  stallMs?: number
  /** Whether a hotkey may set weights on this subnet; decides which `taken` in a refusal are valid. */
  mayVerify(hotkey: string): boolean | Promise<boolean>
  log?: Pick<Log, 'debug'>
  /** Ends the exchange; the prover sees a disconnect and stops its work. */
  signal?: AbortSignal
  /** Called with the header of every record except frames. */
  onRecord?(header: AnswerHeader): void
  /** Called with each checked frame: index from 1, raw RGB, and the zlib bytes as received. */
  onFrame?(index: number, rgb: Uint8Array, zlib: Uint8Array): void | Promise<void>
}

/**
 * Requests one generation from a prover and checks the answer: order, sizes and number of frames, their
 * digests, frames_sha256, the signature. A prover's misbehaviour is returned as an outcome, never thrown;
 * errors thrown by `onRecord` or `onFrame` are rethrown (and end the exchange).
 */
export async function requestGeneration(options: RequestOptions): Promise<RequestOutcome> {
  // In a turn of its own: Node connects only once what is running has ended, and what the caller still does is not the
  // same for a user's request and for a check. A prover saw which of them took longer from its nonce to its arrival.
  await setImmediate()
  const startedAt = performance.now()
  const reader = new AnswerReader(options.expected)
  const callbacks = guarded(options)
  const confirming: { taken: AbortController | null } = { taken: null }
  let exchange: Exchange | null = null
  try {
    const address = vetAddress(options.address.ip, options.address.port, options)
    const headers = signRequest({ ...options, method: 'POST', target: TARGET, nonce: freshNonce() })
    exchange = new Exchange({
      ...options,
      address,
      method: 'POST',
      target: TARGET,
      headers: { ...headers, 'Content-Type': 'application/json', Accept: STREAM_MEDIA_TYPE },
      connectMs: options.connectMs ?? 3000,
    })
    const firstRecordMs = options.firstRecordMs ?? FIRST_RECORD_MS
    exchange.arm('silence', firstRecordMs, 'no_answer', 'no first record in time')
    await expectOk(exchange, STREAM_MEDIA_TYPE)
    const confirm = () => {
      confirming.taken = confirmTaken(address, options)
    }
    const answer = await readAnswer(exchange, reader, { options, callbacks, confirm, startedAt })
    return 'kind' in answer
      ? answer
      : { ...answer, kind: 'answered', request: requestAuthOf(headers) }
  } catch (error) {
    if (callbacks.thrown !== null) throw callbacks.thrown.error
    if (!(error instanceof WireError)) throw error
    const outcome = failedOutcome(error, reader.progressed)
    return outcome.kind === 'failed'
      ? outcome
      : { ...outcome, taken: await takenOf(error, options) }
  } finally {
    confirming.taken?.abort()
    exchange?.close()
  }
}

interface Reading {
  options: RequestOptions
  callbacks: Callbacks
  /** Called once the request is accepted. */
  confirm(): void
  startedAt: number
}

type Answer = Omit<Answered, 'kind' | 'request'> | RequestOutcome

async function readAnswer(
  exchange: Exchange,
  reader: AnswerReader,
  { options, callbacks, confirm, startedAt }: Reading,
): Promise<Answer> {
  const decoder = new RecordDecoder(limitsOf(options.expected))
  let bytes = 0
  let firstRecordMs: number | null = null
  let answer: Answer | null = null
  try {
    for await (const chunk of exchange.body()) {
      bytes += chunk.length
      exchange.extend(framesMs(bytes))
      let isSilent = true
      for (const record of decoder.read(chunk)) {
        // Until all of them are read: our own slowness is not the prover's silence.
        if (isSilent) exchange.disarm('silence')
        isSilent = false
        const event = await reader.read(record)
        if (firstRecordMs === null && event.header.type === 'accepted') confirm()
        firstRecordMs ??= Math.round(performance.now() - startedAt)
        if ('rgb' in event) {
          await callbacks.onFrame(event.header.index, event.rgb, event.zlib)
        } else {
          callbacks.onRecord(event.header)
          answer = answerOf(event, reader, options, { startedAt, firstRecordMs })
        }
      }
      if (!isSilent) armSilence(exchange, reader, options, answer !== null)
    }
    decoder.end()
  } catch (error) {
    // Once the answer is complete, it is not a fault if the stream does not end.
    if (answer === null || !isUnended(error)) throw error
  }
  if (answer === null) throw new WireError('stream_malformed', 'the stream ended before done')
  return answer
}

/** Null unless the record ends the answer. @throws WireError `bad_signature` */
function answerOf(
  event: Exclude<AnswerEvent, { rgb: Buffer }>,
  reader: AnswerReader,
  options: RequestOptions,
  times: { startedAt: number; firstRecordMs: number },
): Answer | null {
  if (event.header.type === 'error') {
    return erredOutcome(event.header.code, event.header.message, reader.progressed)
  }
  if (!('framesSha256' in event)) return null
  const { header, framesSha256, frameDigests } = event
  const elapsedUs = Math.floor((performance.now() - times.startedAt) * 1000)
  checkSignature(header, framesSha256, options)
  const { determinism_class: determinismClass } = header
  if (determinismClass !== (options.determinismClass ?? determinismClass)) {
    return classChanged(determinismClass)
  }
  return {
    framesSha256,
    frameDigests,
    traceRoot: header.trace_root,
    determinismClass,
    modelRoot: options.modelRoot,
    signature: header.signature,
    timings: header.timings,
    warnings: reader.warnings,
    elapsedUs,
    firstRecordMs: times.firstRecordMs,
  }
}

function isUnended(error: unknown): boolean {
  const excusable = ['stalled', 'late', 'no_answer', 'cancelled']
  return error instanceof WireError && excusable.includes(error.code)
}

/**
 * In parallel with the answer, which neither waits for it nor fails with it.
 * @returns what ends it
 */
function confirmTaken(address: VettedAddress, options: RequestOptions): AbortController | null {
  const requestId = requestIdOf(options.body)
  if (requestId === null) return null
  const { receiver, signer, log } = options
  const until = new AbortController()
  void sendTaken({ address, receiver, signer, requestId, signal: until.signal, log })
  return until
}

/** Null for a body that no prover would accept; one has accepted it by now, so the rest is not read again. */
function requestIdOf(body: Uint8Array): string | null {
  try {
    const { request_id: id }: { request_id?: unknown } = JSON.parse(Buffer.from(body).toString())
    return typeof id === 'string' && isRequestId(id) ? id : null
  } catch {
    return null
  }
}

/** If the metagraph can't be read, no `taken` is valid. */
function takenOf(error: WireError, options: RequestOptions): Promise<string[]> {
  return validTaken(readTaken(error.details.taken), {
    receiver: options.receiver,
    self: options.signer.ss58,
    deadlineMs: options.deadlineMs,
    nowNs: BigInt(Date.now()) * 1_000_000n,
    mayVerify: async (hotkey) => {
      try {
        return await options.mayVerify(hotkey)
      } catch (thrown) {
        options.log?.debug({ reason: messageOf(thrown) }, 'who may verify is not known')
        return false
      }
    },
  })
}

/** Silence is not a fault while a request waits for its turn; once it runs, records arrive step by step. */
function armSilence(
  exchange: Exchange,
  reader: AnswerReader,
  options: RequestOptions,
  answered: boolean,
): void {
  if (answered) {
    exchange.arm('silence', END_MS, 'stalled', 'the stream did not end')
  } else if (reader.position === 0 || reader.progressed) {
    exchange.arm('silence', options.stallMs ?? STALL_MS, 'stalled', 'nothing came for too long')
  } else {
    exchange.disarm('silence')
  }
}

/** The maximum sizes of an honest answer to this request. */
function limitsOf({ width, height, frames, steps }: WorkShape): StreamLimits {
  const maxBodyBytes = maxCompressedBytes(width * height * 3)
  return { maxBodyBytes, maxTotalBytes: frames * (maxBodyBytes + 256) + steps * 256 + 131_072 }
}

function checkSignature(done: DoneHeader, framesSha256: Hex, options: RequestOptions): void {
  const text = answerText({
    ...options.terms,
    verifier: options.signer.ss58,
    prover: options.receiver,
    bodySha256: hash('sha256', options.body),
    framesSha256,
    traceRoot: done.trace_root,
    determinismClass: done.determinism_class,
    modelRoot: options.modelRoot,
  })
  if (!verifyText(options.receiver, text, done.signature)) {
    throw new WireError('bad_signature', "the answer's signature is not the prover's")
  }
}

function classChanged(determinismClass: string): RequestOutcome {
  const message = `the answer is of the class ${determinismClass}, which is not the recorded one`
  return { kind: 'failed', reason: 'class_changed', message, progressed: true }
}

/** If a prover says `cancelled` although nobody cancelled, it counts as the prover's error. */
function erredOutcome(code: AnswerErrorCode, message: string, progressed: boolean): RequestOutcome {
  const known = code === 'invalid_request' || code === 'out_of_memory' || code === 'late'
  const reason = known ? code : 'error'
  return { kind: 'failed', reason, message: `${code}: ${sanitizeText(message)}`, progressed }
}

interface Callbacks {
  onRecord(header: AnswerHeader): void
  onFrame(index: number, rgb: Uint8Array, zlib: Uint8Array): Promise<void>
  thrown: { error: unknown } | null
}

/** Wraps the caller's callbacks, to tell their errors from the prover's. */
function guarded(options: RequestOptions): Callbacks {
  const callbacks: Callbacks = {
    thrown: null,
    onRecord(header) {
      try {
        options.onRecord?.(header)
      } catch (error) {
        callbacks.thrown = { error }
        throw error
      }
    },
    async onFrame(index, rgb, zlib) {
      try {
        await options.onFrame?.(index, rgb, zlib)
      } catch (error) {
        callbacks.thrown = { error }
        throw error
      }
    },
  }
  return callbacks
}
