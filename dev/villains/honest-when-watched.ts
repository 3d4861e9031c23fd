import type { Villain } from './cheater.js'
import { fewerSteps } from './fewer-steps.js'

/** It came together with another and waited behind it, as half of a wide round does. */
const TOGETHER_MS = 100
/** Blocks come at whole multiples of this on a network. */
const BLOCK_MS = 12_000
const BLOCK_START_MS = 1_200

/**
 * Generates honestly what it takes for a check, by what a prover could go by, and runs fewer steps for the
 * rest. Nothing about a request says which of them is checked, so that it saves at the wrong moments.
 * @param now Unix milliseconds
 */
export function honestWhenWatched(now: () => number = Date.now): Villain {
  return (honest, modelDir) => {
    const cheap = fewerSteps(honest, modelDir)
    let lastEndedMs = Number.NEGATIVE_INFINITY
    return {
      generate: async (params, hooks) => {
        const isWatched = looksWatched(now(), lastEndedMs)
        try {
          return isWatched
            ? { generated: await honest.generate(params, hooks), cheated: false }
            : await cheap.generate(params, hooks)
        } finally {
          lastEndedMs = now()
        }
      },
    }
  }
}

/** Whether a villain that begins a request takes it for a check. */
function looksWatched(nowMs: number, lastEndedMs: number): boolean {
  return nowMs - lastEndedMs < TOGETHER_MS || nowMs % BLOCK_MS < BLOCK_START_MS
}
