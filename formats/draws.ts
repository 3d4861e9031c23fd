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

/** block(label, i) = sha256(`fractal-draw/1` ‖ 0 ‖ source ‖ label ‖ 0 ‖ u32 i) */
function block(source: DrawSource | AnswerDrawSource, label: string, i: number): Uint8Array {
  if (!/^[!-~]+$/.test(label)) throw new FormatError('bad_text', 'a label is plain ASCII')
  return sha256(concat(PREFIX, sourceBytes(source), utf8(label), Uint8Array.of(0), u32le(i)))
}

/** secret ‖ block hash; for an answer, secret ‖ request id ‖ trace root. */
function sourceBytes(source: DrawSource | AnswerDrawSource): Uint8Array {
  if ('blockHash' in source) {
    assertDigests([source.secret, source.blockHash])
    return concat(source.secret, source.blockHash)
  }
  const { secret, requestId, traceRoot } = source
  assertDigests([secret, traceRoot])
  if (!isRequestId(requestId)) throw new FormatError('bad_text', 'expected a lowercase UUIDv4')
  return concat(secret, utf8(requestId), traceRoot)
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
