import { type FramesShape, pixelsOf } from '../../formats/video-shape.js'
import { ONE_PPM } from '../constants.js'
import { RuleError } from '../error.js'

const CHANNELS = 3

/**
 * Cosine of two videos of height × width × RGB bytes, frame after frame, centred per video and channel, in
 * parts per million: uncentred pixels make any two videos look alike. Formula in formats.md: dot = Σ_c (N Σab
 * − Σa Σb), norms alike, isqrt(floor(dot² · 10^12 / (|a|²·|b|²))).
 * @returns 0 for a negative product; without variance on a side 1000000 for equal bytes, else 0
 * @throws RuleError `bad_input` if the bytes don't have the shape
 */
export function cosinePpm(a: Uint8Array, b: Uint8Array, shape: FramesShape): number {
  const pixels = pixelsOf(shape)
  if (a.length !== pixels * CHANNELS || b.length !== a.length) {
    throw new RuleError('bad_input', `${a.length} and ${b.length} bytes are not two such videos`)
  }
  let dot = 0n
  let normA = 0n
  let normB = 0n
  for (let c = 0; c < CHANNELS; c++) {
    const sums = channelSums(a, b, c)
    const n = BigInt(pixels)
    dot += n * sums.ab - sums.a * sums.b
    normA += n * sums.aa - sums.a * sums.a
    normB += n * sums.bb - sums.b * sums.b
  }
  if (normA === 0n || normB === 0n) return equalBytes(a, b) ? ONE_PPM : 0
  if (dot <= 0n) return 0
  const one = BigInt(ONE_PPM)
  return Number(isqrt((dot * dot * one * one) / (normA * normB)))
}

interface ChannelSums {
  a: bigint
  b: bigint
  ab: bigint
  aa: bigint
  bb: bigint
}

/** Sums of bytes' products stay exact in a double up to 2^53 / 255² pixels: 138 billion. */
function channelSums(a: Uint8Array, b: Uint8Array, channel: number): ChannelSums {
  let sumA = 0
  let sumB = 0
  let sumAB = 0
  let sumAA = 0
  let sumBB = 0
  for (let i = channel; i < a.length; i += CHANNELS) {
    const x = a[i]!
    const y = b[i]!
    sumA += x
    sumB += y
    sumAB += x * y
    sumAA += x * x
    sumBB += y * y
  }
  return {
    a: BigInt(sumA),
    b: BigInt(sumB),
    ab: BigInt(sumAB),
    aa: BigInt(sumAA),
    bb: BigInt(sumBB),
  }
}

/** floor of the square root, by Newton from above. */
function isqrt(n: bigint): bigint {
  if (n < 2n) return n
  let x = 1n << BigInt(Math.ceil(n.toString(2).length / 2))
  for (;;) {
    const y = (x + n / x) >> 1n
    if (y >= x) return x
    x = y
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, i) => byte === b[i])
}
