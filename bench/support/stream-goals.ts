import type { Goal } from './figures.js'

interface StreamGoals {
  /** Of what a stream adds to asking the prover directly, at p50. */
  readonly added?: Goal
  /** Of the processor time of all processes for a stream, relative to a request through a bare proxy. */
  readonly processor?: Goal
}

/**
 * What a stream may cost with so many at a time. Alone it may add 10 ms. 32 keep both cores of a small machine full: what
 * counts is how much of them each takes, and that should be no more than through a bare proxy.
 */
export function streamGoals(concurrency: number): StreamGoals {
  switch (concurrency) {
    case 1:
      return { added: { of: 'figure', most: 10 } }
    case 32:
      return { processor: { of: 'ratio', most: 1 } }
    default:
      return {}
  }
}
