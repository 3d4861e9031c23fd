/**
 * How Subtensor stores weights: scaled so that the largest is 65535, rounded half up. Read-back must compare
 * with these, not with what was sent. Source: `vec_max_upscale_to_u16` of subtensor's epoch math, in fixed
 * point with 32 fractional bits: above 32768 it multiplies by the truncated quotient 65535/max, below it
 * divides last.
 * @param values u16 each
 */
export function maxUpscale(values: readonly number[]): number[] {
  const max = values.reduce((a, b) => Math.max(a, b), 0)
  if (max === 0) return [...values]
  if (max <= 32768) return values.map((v) => Math.floor((2 * v * 65535 + max) / (2 * max)))
  // Every product stays below 2^50, exact in a double.
  const quotient = Math.floor((65535 * 2 ** 32) / max)
  return values.map((v) => Math.floor((v * quotient + 2 ** 31) / 2 ** 32))
}

/**
 * Whether the largest share of the sum is within the limit. Source: `check_vec_max_limited`, 32
 * fractional bits, quotients truncated.
 * @param limit u16; 65535 is no limit
 */
export function withinMaxShare(values: readonly number[], limit: number): boolean {
  const sum = values.reduce((a, b) => a + b, 0)
  if (limit === 65535 || sum === 0) return true
  const max = values.reduce((a, b) => Math.max(a, b), 0)
  return Math.floor((max * 2 ** 32) / sum) <= Math.floor((limit * 2 ** 32) / 65535)
}
