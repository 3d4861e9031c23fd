import { RuleError } from '../error.js'
import { compareText } from '../order.js'
import { decideMove } from './moves.js'
import { meanReward, observe } from './observation.js'
import { nextRefusedStreak, refusedMostly } from './refusals.js'
import { afterCheats, nextScore } from './score.js'
import type {
  AnswerRow,
  CheckRow,
  OfferRow,
  ProverKey,
  ProverSettlement,
  ProverState,
  Settlement,
  SettlementInput,
} from './settlement.js'
import { gridMedian, isSuspiciouslyFast, medianUsPerWork, speedFactorPpm } from './speed.js'
import { type Tally, tallyProver } from './tally.js'

/**
 * Settles an interval: rates, moves, totals, observations and scores, from its rows and the state the
 * settlement before left (mechanism.md sections 1, 2 and 5). Pure: the same rows in any order give the
 * same settlement, and nothing of the input changes.
 * @throws RuleError `bad_input` for rows of a prover that is not among `provers`, and repeated rows
 */
export function settle(input: SettlementInput): Settlement {
  const records = gather(input)
  const times = records.map(({ state, tally }) => ({
    coldkey: state.coldkey,
    usPerWork: medianUsPerWork(tally.timed, input.certifiedUsPerWork),
  }))
  const grid = gridMedian(times)
  const provers = records
    .map((record, i) => settleProver(record, speedFactorPpm(times[i]!.usPerWork, grid), input))
    .sort((a, b) => a.uid - b.uid || compareText(a.hotkey, b.hotkey))
  const cheating = provers.filter((prover) => prover.cheats > 0).map((prover) => prover.hotkey)
  return { n: input.n, provers, cheatingHotkeys: cheating.sort(compareText) }
}

interface Gathered {
  state: ProverState
  answers: AnswerRow[]
  checks: CheckRow[]
  offers: OfferRow[]
}

interface ProverRecord extends Gathered {
  tally: Tally
}

function gather(input: SettlementInput): ProverRecord[] {
  const byProver = new Map<string, Gathered>()
  for (const state of input.provers) {
    if (byProver.has(keyOf(state))) throw twice('a prover', keyOf(state))
    byProver.set(keyOf(state), { state, answers: [], checks: [], offers: [] })
  }
  const rowsOf = (row: ProverKey): Gathered => {
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
  for (const row of unique(input.offers, keyOf)) rowsOf(row).offers.push(row)
  return [...byProver.values()].map((rows) => ({
    ...rows,
    tally: tallyProver(rows.answers, rows.checks),
  }))
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
  { state, answers, offers, tally }: ProverRecord,
  speedPpm: number,
  { profile, certifiedUsPerWork }: SettlementInput,
): ProverSettlement {
  const mostly = offers.some(refusedMostly)
  const refusals = nextRefusedStreak(state.refusedStreak, mostly)
  const totalAfter = state.totalSuccesses + tally.requestSuccesses + tally.challengesPassed
  const outcome = decideMove({
    state,
    tally,
    totalAfter,
    refusalsRelegate: refusals.relegates,
    profile,
  })
  const meanRewardPpm = meanReward(tally)
  const earnsNothing =
    tally.cheats > 0 || mostly || tally.failureReasons.includes('opening_refused')
  const observationPpm = observe(meanRewardPpm, speedPpm, state.tier, earnsNothing)
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
    speedPpm,
    scoreBefore: state.scorePpm,
    scoreAfter: nextScore(kept, observationPpm, profile.movingAverageAlphaPpm),
    validationsSinceMove: outcome.validationsSinceMove,
    fastReturn: outcome.fastReturn,
    refusedStreak: refusals.streak,
    fastAnswers: answers
      .filter((row) => isFast(row, certifiedUsPerWork))
      .map((r) => r.requestId)
      .sort(compareText),
  }
}

function isFast(row: AnswerRow, certifiedUsPerWork: number | null): boolean {
  const { kind, outcome, elapsedUs, work } = row
  if (kind !== 'inference' || outcome !== 'success' || elapsedUs === null) return false
  return isSuspiciouslyFast({ elapsedUs, work }, certifiedUsPerWork)
}
