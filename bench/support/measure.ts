import { setTimeout as sleep } from 'node:timers/promises'
import { mapWithLimit } from '../../base/concurrency/map-with-limit.js'

/** Milliseconds of `count` runs, `concurrency` of them at any time. */
export async function closedLoop(
  count: number,
  concurrency: number,
  run: () => Promise<unknown>,
): Promise<number[]> {
  return mapWithLimit(new Array(count).fill(run), concurrency, timed)
}

/** Milliseconds of runs that begin at a fixed rate, whether or not those before them have ended. */
export async function openLoop(
  perSecond: number,
  seconds: number,
  run: () => Promise<unknown>,
): Promise<number[]> {
  const started = performance.now()
  const all: Promise<number>[] = []
  for (let i = 0; i < perSecond * seconds; i++) {
    const due = started + (1000 * i) / perSecond
    const early = due - performance.now()
    if (early > 1) await sleep(early)
    // From when it was due: a late start is part of what a caller waits.
    all.push(run().then(() => performance.now() - due))
  }
  return Promise.all(all)
}

export async function timed(run: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await run()
  return performance.now() - started
}

/** The middle one; of an even number the upper of the two. */
export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5)
}

export function quantile(samples: readonly number[], q: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!
}

/** By how much each sample exceeds the one before it, by least squares: outliers of both sides cancel out. */
export function slope(samples: readonly number[]): number {
  const middle = (samples.length - 1) / 2
  const mean = samples.reduce((sum, each) => sum + each, 0) / samples.length
  let along = 0
  let squares = 0
  for (const [i, each] of samples.entries()) {
    along += (i - middle) * (each - mean)
    squares += (i - middle) ** 2
  }
  return squares === 0 ? 0 : along / squares
}

/** The least of every `size` neighbours; what is left over at the end is dropped. */
export function leastOfEach(size: number, samples: readonly number[]): number[] {
  const groups = Math.floor(samples.length / size)
  return Array.from({ length: groups }, (_, i) =>
    Math.min(...samples.slice(i * size, (i + 1) * size)),
  )
}
