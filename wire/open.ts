import type { Signer } from '../base/sr25519.js'
import { type Hex, toHex } from '../formats/bytes.js'
import type { VideoShape } from '../formats/video-shape.js'
import type { ClockWord } from '../rules/judge/own-failure.js'
import { type AxonAddress, vetAddress } from './axon-address.js'
import { freshNonce, signRequest } from './btauth.js'
import { WireError } from './error.js'
import { Exchange } from './exchange.js'
import { MAX_HEADER_BYTES, STREAM_MEDIA_TYPE } from './limits.js'
import { type FailReason, failReasonOf, refusalClockWord } from './outcome.js'
import { expectOk } from './refusal.js'
import { openingHeaderSchema } from './schemas.js'
import { decodeRecords, type StreamRecord } from './stream.js'

interface OpeningOptions {
  address: AxonAddress
  /** ss58 of the prover's hotkey. */
  receiver: string
  signer: Signer
  requestId: string
  /** 1 … steps. */
  step: number
  /** 1 … frames. */
  frame: number
  /** Shape of the request that is opened. */
  expected: Pick<VideoShape, 'steps' | 'frames'>
  allowPrivate: boolean
  deadlineMs: number
  /** Size of state i of the request, which the caller knows from its model. */
  stateBytes: (i: number) => number
  signal?: AbortSignal
}

/** What the prover opened: sizes are checked here, digests and contents by the spot check. */
export interface Opening {
  /** d_0 … d_steps. */
  stepDigests: Hex[]
  /** f_1 … f_n. */
  frameDigests: Hex[]
  /** State step − 1, raw as it is hashed: float32 LE latents, then the solver's other tensors. */
  stateBefore: Uint8Array
  /** State `step`; only latents if it is the last. */
  stateAfter: Uint8Array
  finalLatents: Uint8Array
}

export type OpeningOutcome =
  | { kind: 'opened'; opening: Opening }
  /**
   * The prover refused, with its code: unknown_request, too_late, states_gone, opened_twice …
   * mayPass: for its load, a failure of its own, or the time in our request.
   */
  | { kind: 'refused'; code: string; message: string; mayPass: boolean }
  | { kind: 'failed'; reason: FailReason; message: string }

/** One of the two clocks is wrong, or the prover started just now. */
const TIME_REFUSED: ReadonlySet<string> = new Set(['stale', 'before_start'])

/** What an outcome says about our clock. */
export function openingClockWord(outcome: OpeningOutcome): ClockWord {
  if (outcome.kind === 'opened') return 'accepted'
  return outcome.kind === 'refused' ? refusalClockWord(outcome.code) : 'silent'
}

/**
 * Asks a prover to open one step of an answer it signed. A prover's misbehaviour is returned as an outcome,
 * never thrown. Requesting the same step and frame again does not count as a second opening.
 */
export async function requestOpening(options: OpeningOptions): Promise<OpeningOutcome> {
  const target = `/v1/generations/${options.requestId}/open`
  const body = Buffer.from(JSON.stringify({ step: options.step, frame: options.frame }))
  let exchange: Exchange | null = null
  try {
    const address = vetAddress(options.address.ip, options.address.port, options)
    const headers = signRequest({ ...options, method: 'POST', target, body, nonce: freshNonce() })
    exchange = new Exchange({
      ...options,
      address,
      method: 'POST',
      target,
      headers: { ...headers, 'Content-Type': 'application/json', Accept: STREAM_MEDIA_TYPE },
      body,
      connectMs: 3000,
    })
    await expectOk(exchange, STREAM_MEDIA_TYPE)
    return { kind: 'opened', opening: await readOpening(exchange, options) }
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    if (error.code === 'http_refused') {
      const code = String(error.details.code)
      const mayPass = error.retryable || TIME_REFUSED.has(code)
      return { kind: 'refused', code, message: error.message, mayPass }
    }
    return { kind: 'failed', reason: failReasonOf(error), message: error.message }
  } finally {
    exchange?.close()
  }
}

async function readOpening(exchange: Exchange, options: OpeningOptions): Promise<Opening> {
  const { expected, step } = options
  const listBytes = 32 * (expected.steps + 1 + expected.frames)
  const due = [step - 1, step, expected.steps].map(options.stateBytes)
  const maxBodyBytes = Math.max(...due, listBytes)
  const maxTotalBytes = due.reduce((sum, bytes) => sum + bytes, listBytes) + 4 * MAX_HEADER_BYTES
  const limits = { maxBodyBytes, maxTotalBytes }
  const order = [
    { type: 'digests', steps: expected.steps, frames: expected.frames },
    { type: 'state_before', step: step - 1 },
    { type: 'state_after', step },
    { type: 'final_latents', step: expected.steps },
  ]
  const bodies: Uint8Array[] = []
  for await (const record of decodeRecords(exchange.body(), limits)) {
    if (!isExpected(record, order[bodies.length])) {
      throw new WireError('stream_malformed', `record ${bodies.length + 1} is not the expected one`)
    }
    bodies.push(record.body)
  }
  const [list, stateBefore, stateAfter, finalLatents] = bodies
  if (!list || !stateBefore || !stateAfter || !finalLatents) {
    throw new WireError('stream_malformed', `${bodies.length} of 4 records came`)
  }
  const count = expected.steps + 1 + expected.frames
  if (list.length !== 32 * count) {
    throw new WireError('stream_malformed', `the digest list has ${list.length} bytes`)
  }
  const came = [stateBefore, stateAfter, finalLatents].map(({ length }) => length)
  if (came.some((bytes, i) => bytes !== due[i])) {
    throw new WireError('stream_malformed', `states of ${came[0]}, ${came[1]} and ${came[2]} bytes`)
  }
  const digests = Array.from({ length: count }, (_, i) => toHex(list.subarray(32 * i, 32 * i + 32)))
  return {
    stepDigests: digests.slice(0, expected.steps + 1),
    frameDigests: digests.slice(expected.steps + 1),
    stateBefore,
    stateAfter,
    finalLatents,
  }
}

function isExpected(record: StreamRecord, due: object | undefined): boolean {
  const parsed = openingHeaderSchema.safeParse(record.header)
  if (!parsed.success || due === undefined) return false
  const header: Record<string, unknown> = parsed.data
  return Object.entries(due).every(([name, value]) => header[name] === value)
}
