import { compareText } from '../order.js'
import { countOffers } from './offer-share.js'
import type { AnswerRow, ShareCounts, WideRound, WindowRow } from './settlement.js'
import { countWideRound } from './wide-share.js'

/**
 * One prover's counts in an interval.
 * @param lost request ids whose answers the verifier lost itself
 */
export function countShares(
  rounds: readonly WideRound[],
  answers: readonly AnswerRow[],
  lost: ReadonlySet<string>,
): ShareCounts {
  const inOrder = [...rounds].sort((a, b) => a.n - b.n || a.round - b.round)
  const counted = inOrder.map(countWideRound)
  return {
    wideRounds: rounds.length,
    wideGpus: sum(inOrder.map(({ gpus }) => gpus)),
    newestWideGpus: inOrder.at(-1)?.gpus ?? null,
    wideSlots: sum(counted.map(({ slots }) => slots)),
    wideKept: sum(counted.map(({ kept }) => kept)),
    ...countOffers(answers, lost),
  }
}

/** The sum of earlier and later counts. */
export function addCounts(earlier: ShareCounts, later: ShareCounts): ShareCounts {
  return {
    wideRounds: earlier.wideRounds + later.wideRounds,
    wideGpus: earlier.wideGpus + later.wideGpus,
    newestWideGpus: later.newestWideGpus ?? earlier.newestWideGpus,
    wideSlots: earlier.wideSlots + later.wideSlots,
    wideKept: earlier.wideKept + later.wideKept,
    offered: earlier.offered + later.offered,
    accepted: earlier.accepted + later.accepted,
  }
}

export const NO_COUNTS: ShareCounts = {
  wideRounds: 0,
  wideGpus: 0,
  newestWideGpus: null,
  wideSlots: 0,
  wideKept: 0,
  offered: 0,
  accepted: 0,
}

/**
 * Sums the counts of several intervals, one row per prover, by hotkey and registration.
 * @param rows each of one prover and one interval, oldest first
 */
export function sumWindow(rows: readonly WindowRow[]): WindowRow[] {
  const sums = new Map<string, WindowRow>()
  for (const row of rows) {
    const { hotkey, registeredBlock } = row
    const key = `${hotkey}@${registeredBlock}`
    sums.set(key, { hotkey, registeredBlock, ...addCounts(sums.get(key) ?? NO_COUNTS, row) })
  }
  return [...sums.values()].sort(
    (a, b) => compareText(a.hotkey, b.hotkey) || a.registeredBlock - b.registeredBlock,
  )
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
