import { messageOf } from '../../../base/errors.js'
import { Draw } from './draw.js'

/** Cases under way at once: most of them wait for a socket. */
export const AT_ONCE = 16

export interface Cases {
  readonly seed: number
  readonly from: number
  /** Excluded. */
  readonly to: number
}

/**
 * Which cases a fuzzer runs: `count` of them. FRACTAL_TEST_SEED is another seed, FRACTAL_TEST_CASES another number,
 * FRACTAL_TEST_CASE one case alone, as a failure names it.
 */
export function casesOf(count: number, seed = 1): Cases {
  const { FRACTAL_TEST_SEED, FRACTAL_TEST_CASES, FRACTAL_TEST_CASE } = process.env
  const drawn = Number(FRACTAL_TEST_SEED ?? seed)
  if (FRACTAL_TEST_CASE !== undefined) {
    const one = Number(FRACTAL_TEST_CASE)
    return { seed: drawn, from: one, to: one + 1 }
  }
  return { seed: drawn, from: 0, to: Number(FRACTAL_TEST_CASES ?? count) }
}

/**
 * Runs cases, `AT_ONCE` at a time; the first that fails ends it, once those that run have ended.
 * @param run gets the number of its lane, 0 … AT_ONCE − 1: no other case runs in it meanwhile
 * @throws Error that names the case, what it drew and how to run it again
 */
export async function runCases(
  { seed, from, to }: Cases,
  run: (draw: Draw, lane: number) => Promise<void>,
): Promise<void> {
  let next = from
  let failed: Error | null = null
  const lane = async (number: number) => {
    while (next < to && failed === null) {
      const draw = new Draw(seed, next++)
      try {
        await run(draw, number)
      } catch (cause) {
        const what = `case ${draw.index} of seed ${seed} (${draw.notes.join(', ')})`
        const again = `FRACTAL_TEST_SEED=${seed} FRACTAL_TEST_CASE=${draw.index}`
        failed ??= new Error(`${what}: ${messageOf(cause)}\nagain: ${again}`, { cause })
      }
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => lane(i)))
  if (failed !== null) throw failed
}
