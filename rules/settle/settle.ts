import { RuleError } from '../error.js'
import { compareText } from '../order.js'
import { usOfWork } from '../work-time.js'
import { provenCapacity, tierLimitPpm } from './capacity.js'
import { decideMove } from './moves.js'
import { meanReward, observe } from './observation.js'
import { afterCheats, nextScore, scoreMayRise } from './score.js'
import type {
  AnswerRow,
  CheckRow,
  ProverKey,
  ProverSettlement,
  ProverState,
  Settlement,
  SettlementInput,
  WideRound,
  WindowRow,
} from './settlement.js'
import { addCounts, countShares, NO_COUNTS } from './share-counts.js'
import { tallyProver } from './tally.js'

/**
 * Settles an interval: rates, moves, totals, observations and scores, from its rows and the state after the
 * previous settlement (mechanism.md sections 1, 2 and 5). Pure: the same rows in any order give the same
 * settlement, and the input is not modified.
 * @throws RuleError `bad_input` for rows of a prover that is not among `provers`, and for repeated rows
 */
export function settle(input: SettlementInput): Settlement {
  const provers = gather(input)
    .map((rows) => settleProver(rows, input))
    .sort((a, b) => a.uid - b.uid || compareText(a.hotkey, b.hotkey))
  const cheating = provers.filter((prover) => prover.cheats > 0).map((prover) => prover.hotkey)
  return { n: input.n, provers, cheatingHotkeys: cheating.sort(compareText) }
}

interface ProverRows {
  state: ProverState
  answers: AnswerRow[]
  checks: CheckRow[]
  wideRounds: WideRound[]
  window: WindowRow[]
}

function gather(input: SettlementInput): ProverRows[] {
  const byProver = new Map<string, ProverRows>()
  for (const state of input.provers) {
    if (byProver.has(keyOf(state))) throw twice('a prover', keyOf(state))
    byProver.set(keyOf(state), { state, answers: [], checks: [], wideRounds: [], window: [] })
  }
  const rowsOf = (row: ProverKey): ProverRows => {
    const found = byProver.get(keyOf(row))
    if (found === undefined) {
      throw new RuleError(
        'bad_input',
        `rows of ${keyOf(row)}, which is not a prover of the interval`,
      )
    }
    return found
  }
  for (const row of unique(input.answers, (a) => a.requestId)) rowsOf(row).answers.push(row)
  for (const row of unique(input.checks, (c) => `${c.requestId}/${c.kind}`)) {
    rowsOf(row).checks.push(row)
  }
  for (const row of unique(input.wideRounds, (w) => `${w.n}/${w.round}/${keyOf(w)}`)) {
    rowsOf(row).wideRounds.push(row)
  }
  for (const row of unique(input.window, keyOf)) rowsOf(row).window.push(row)
  return [...byProver.values()]
}

function keyOf({ hotkey, registeredBlock }: ProverKey): string {
  return `${hotkey}@${registeredBlock}`
}

function unique<T>(rows: readonly T[], key: (row: T) => string): readonly T[] {
  const seen = new Set<string>()
  for (const row of rows) {
    if (seen.has(key(row))) throw twice('a row', key(row))
    seen.add(key(row))
  }
  return rows
}

function twice(what: string, key: string): RuleError {
  return new RuleError('bad_input', `${what} is given twice: ${key}`)
}

function settleProver(
  { state, answers, checks, wideRounds, window }: ProverRows,
  { profile, certifiedUsPerWork, standardWork, blocks, paysUnchecked = false }: SettlementInput,
): ProverSettlement {
  const tally = tallyProver(answers, checks)
  const totalAfter = state.totalSuccesses + tally.requestSuccesses + tally.ownPassed
  const outcome = decideMove({ state, tally, totalAfter, profile })
  const counts = countShares(wideRounds, answers, tally.lost)
  const standardUs = certifiedUsPerWork && usOfWork(certifiedUsPerWork, standardWork)
  const proven = provenCapacity(
    addCounts(window[0] ?? NO_COUNTS, counts),
    tierLimitPpm(state.tier, standardUs, blocks),
  )
  const meanRewardPpm = state.hasAddress ? meanReward(tally) : null
  const earnsNothing = tally.cheats > 0 || tally.failureReasons.includes('opening_refused')
  const observationPpm = observe(meanRewardPpm, proven.paidCapacityPpm, state.tier, earnsNothing)
  const kept = afterCheats(state.scorePpm, tally.cheats)
  return {
    hotkey: state.hotkey,
    registeredBlock: state.registeredBlock,
    uid: state.uid,
    tierBefore: state.tier,
    tierAfter: outcome.tier,
    move: outcome.move,
    requestAttempts: tally.requestAttempts,
    requestSuccesses: tally.requestSuccesses,
    checksJudged: tally.checksJudged,
    checksPassed: tally.checksPassed,
    cheats: tally.cheats,
    totalBefore: state.totalSuccesses,
    totalAfter,
    meanRewardPpm,
    observationPpm,
    ...counts,
    ...proven,
    scoreBefore: state.scorePpm,
    scoreAfter: nextScore(kept, observationPpm, {
      alphaPpm: profile.movingAverageAlphaPpm,
      mayRise: paysUnchecked || scoreMayRise(state.tier, tally.checksPassed),
    }),
    validationsSinceMove: outcome.validationsSinceMove,
    fastReturn: outcome.fastReturn,
  }
}
