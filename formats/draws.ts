import { assertDigests, concat, u32le, utf8 } from './bytes.js'
import { FormatError } from './error.js'
import { isRequestId } from './request-id.js'
import { sha256 } from './sha256.js'

/** What an interval's draws depend on: nobody chose both, so nobody chose the draws. */
export interface DrawSource {
  /** The interval's secret, 32 bytes, committed to before the interval began. */
  secret: Uint8Array
  /** Of the interval's first finalized block, 32 bytes. */
  blockHash: Uint8Array
}

/**
 * What the draws for one answer depend on. The prover can't know them before it has signed, because it does
 * not know the secret; and the verifier can't choose them after it has committed to the secret.
 */
export interface AnswerDrawSource {
  /** The interval's secret, 32 bytes. */
  secret: Uint8Array
  requestId: string
  /** Of the answer, 32 bytes. */
  traceRoot: Uint8Array
}

const PREFIX = concat(utf8('fractal-draw/1'), Uint8Array.of(0))

/**
 * block(label, i) = sha256(`fractal-draw/1` ‖ 0 ‖ source ‖ label ‖ 0 ‖ u32 i); the source is secret ‖ block hash, for an
 * answer secret ‖ request id ‖ trace root. Written in one piece: an interval draws for each of its answers.
 */
function block(source: DrawSource | AnswerDrawSource, label: string, i: number): Uint8Array {
  if (!/^[!-~]+$/.test(label)) throw new FormatError('bad_text', 'a label is plain ASCII')
  const { secret } = source
  const [id, last] =
    'blockHash' in source ? ['', source.blockHash] : [source.requestId, source.traceRoot]
  assertDigests([secret, last])
  if ('requestId' in source && !isRequestId(id)) {
    throw new FormatError('bad_text', 'expected a lowercase UUIDv4')
  }
  const bytes = new Uint8Array(PREFIX.length + 64 + id.length + label.length + 5)
  bytes.set(PREFIX)
  bytes.set(secret, PREFIX.length)
  let at = setAscii(bytes, id, PREFIX.length + 32)
  bytes.set(last, at)
  at = setAscii(bytes, label, at + 32)
  bytes.set(u32le(i), at + 1)
  return sha256(bytes)
}

/** @returns where what comes next begins */
function setAscii(bytes: Uint8Array, text: string, at: number): number {
  for (let i = 0; i < text.length; i += 1) bytes[at + i] = text.charCodeAt(i)
  return at + text.length
}

/**
 * A uniform integer in [0, m): the first 8 bytes as a u64, rejected if at or above floor(2^64/m)·m, then the
 * next block.
 * @param start index of the first block tried
 */
export function drawInteger(
  source: DrawSource | AnswerDrawSource,
  label: string,
  m: number,
  start = 0,
): number {
  if (!Number.isSafeInteger(m) || m < 1) {
    throw new FormatError('bad_integer', `cannot draw an integer below ${m}`)
  }
  const modulus = BigInt(m)
  const limit = ((1n << 64n) / modulus) * modulus
  for (let i = start; ; i++) {
    const bytes = block(source, label, i)
    const u64 = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true)
    if (u64 < limit) return Number(u64 % modulus)
  }
}

/** The first `count` (at most 32) bytes of block(label, 0). */
export function drawBytes(
  source: DrawSource | AnswerDrawSource,
  label: string,
  count: number,
): Uint8Array {
  if (!Number.isInteger(count) || count < 0 || count > 32) {
    throw new FormatError('bad_integer', `cannot draw ${count} bytes: at most 32`)
  }
  return block(source, label, 0).slice(0, count)
}
