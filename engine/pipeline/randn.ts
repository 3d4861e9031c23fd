import { log32, sinCos32 } from './float32-math.js'
import { Mt19937 } from './mt19937.js'

const f = Math.fround
const TWO_PI = f(2 * Math.PI)
/** torch fills blocks of this many values; fewer are generated differently. */
const BLOCK = 16

/**
 * Standard normal float32 values, bit-equal to `torch.randn(count,
 * generator=torch.Generator("cpu").manual_seed(seed))` on CPUs with AVX2 and above.
 * @param seed 0 … 2^32−1
 */
export function torchRandn(seed: number, count: number): Float32Array {
  const random = new Mt19937(seed)
  const out = new Float32Array(count)
  if (count < BLOCK) {
    fillFew(random, out)
    return out
  }
  for (let i = 0; i < count; i++) out[i] = uniform24(random)
  const whole = count - (count % BLOCK)
  for (let at = 0; at < whole; at += BLOCK) normalBlock(out, at)
  if (whole < count) {
    // torch redraws the last 16 as a whole, over values already made normal.
    for (let i = count - BLOCK; i < count; i++) out[i] = uniform24(random)
    normalBlock(out, count - BLOCK)
  }
  return out
}

function uniform24(random: Mt19937): number {
  return (random.next() & 0xffffff) * 2 ** -24
}

/** Box–Muller in place: of the block's uniform values, j pairs with j + 8. */
function normalBlock(data: Float32Array, at: number): void {
  for (let j = at; j < at + BLOCK / 2; j++) {
    const radius = f(Math.sqrt(f(-2 * log32(f(1 - data[j]!)))))
    const [sin, cos] = sinCos32(f(TWO_PI * data[j + BLOCK / 2]!))
    data[j] = f(radius * cos)
    data[j + BLOCK / 2] = f(radius * sin)
  }
}

/** Fewer than 16 values: torch draws each pair in double precision. */
function fillFew(random: Mt19937, out: Float32Array): void {
  for (let i = 0; i < out.length; i += 2) {
    const angle = 2 * Math.PI * uniform53(random)
    const radius = Math.sqrt(-2 * Math.log1p(-uniform53(random)))
    out[i] = radius * Math.cos(angle)
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle)
  }
}

/** 53 bits of two draws; the first is the high half. */
function uniform53(random: Mt19937): number {
  const high = random.next() & 0x1fffff
  return (high * 2 ** 32 + random.next()) * 2 ** -53
}
