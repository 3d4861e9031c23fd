import assert from 'node:assert/strict'
import { RuleError } from '../../../rules/error.js'
import { lowerMedian } from '../../../rules/order.js'
import { beyondApiKeyCaps } from '../../../rules/settle/caps.js'
import { requestCounts } from '../../../rules/settle/counted.js'
import { observe } from '../../../rules/settle/observation.js'
import { nextScore } from '../../../rules/settle/score.js'
import { settle } from '../../../rules/settle/settle.js'
import type { AnswerRow, CheckRow, SettlementInput } from '../../../rules/settle/settlement.js'
import {
  gridMedian,
  isSuspiciouslyFast,
  medianUsPerWork,
  speedFactorPpm,
  usOfWork,
  usPerWork,
} from '../../../rules/settle/speed.js'
import { answer, check, failure, interval, prover, times, WORK } from '../rows.js'

const p = prover('p')

function settleOne(more: Partial<SettlementInput>) {
  return settle(interval({ provers: [p], ...more })).provers[0]!
}

function keyed(count: number, make: (i: number) => AnswerRow): AnswerRow[] {
  return Array.from({ length: count }, (_, i) => ({ ...make(i), apiKeyId: `k${i}` }))
}

describe('rates', () => {
  it('a user request’s own failure counts in the request rate only', () => {
    const row = failure(p, { reason: 'malformed' })
    const own = check(p, {
      kind: 'answer',
      requestId: row.requestId,
      verdict: 'fail',
      reason: 'malformed',
    })
    const settled = settleOne({ answers: [row], checks: [own] })
    assert.equal(settled.requestAttempts, 1)
    assert.equal(settled.checksJudged, 0)
    assert.equal(settled.observationPpm, -50_000, 'once, not for the row and for the check')
  })

  it('neutral and refused requests are no attempts', () => {
    const answers = [
      answer(p, { outcome: 'neutral', reason: 'cancelled' }),
      answer(p, { outcome: 'refused', reason: 'refused' }),
    ]
    assert.equal(settleOne({ answers }).requestAttempts, 0)
  })

  it('abstained checks count for nobody', () => {
    const row = failure(p)
    const checks = [
      check(p, { verdict: 'abstained', reason: 'own_fault', rewardPpm: null }),
      check(p, {
        kind: 'answer',
        requestId: row.requestId,
        verdict: 'abstained',
        reason: 'own_fault',
      }),
    ]
    const settled = settleOne({ answers: [row], checks })
    assert.equal(settled.checksJudged, 0)
    assert.equal(settled.requestAttempts, 0)
    assert.equal(settled.observationPpm, null)
  })

  it('rollover: attempts begin at zero, totals carry over', () => {
    const state = prover('p', { totalSuccesses: 40 })
    const first = settleOne({
      provers: [state],
      answers: times(3, () => answer(p)),
      checks: [check(p)],
    })
    assert.equal(first.totalAfter, 44)
    const next = settleOne({ provers: [{ ...state, totalSuccesses: first.totalAfter }] })
    assert.deepEqual([next.requestAttempts, next.checksJudged, next.totalAfter], [0, 0, 44])
  })

  it('requests that don’t count count for nothing, but a cheat in them stands', () => {
    const standard = { steps: 12, frames: 16, width: 64, height: 64 }
    assert.ok(requestCounts(standard, standard, true))
    assert.ok(!requestCounts(standard, standard, false), 'a seed of the client')
    assert.ok(requestCounts({ ...standard, width: 128, steps: 20 }, standard, true))
    for (const less of [{ steps: 11 }, { frames: 8 }, { width: 56 }]) {
      assert.ok(!requestCounts({ ...standard, ...less }, standard, true))
    }
    const row = answer(p, { counted: false, elapsedUs: 1 })
    const audit = check(p, { kind: 'audit', requestId: row.requestId })
    const lost = failure(p, { counted: false })
    const settled = settleOne({ answers: [row, lost], checks: [audit] })
    assert.deepEqual(
      [settled.requestAttempts, settled.checksJudged, settled.totalAfter, settled.observationPpm],
      [0, 0, 0, null],
    )
    const cheat: CheckRow = { ...audit, verdict: 'cheat', reason: 'hash_differs' }
    assert.equal(settleOne({ answers: [row], checks: [cheat] }).cheats, 1)
  })

  it('a cheat found after its interval settled belongs to this one', () => {
    const late = check(p, { kind: 'audit', verdict: 'cheat', reason: 'hash_differs' })
    const settled = settleOne({ answers: [answer(p)], checks: [late] })
    assert.deepEqual([settled.cheats, settled.requestSuccesses, settled.totalAfter], [1, 0, 0])
  })
})

describe('API key caps', () => {
  it('count at most 20 of one key, or a tenth, by completion', () => {
    const rows = times(25, () => answer(p))
    assert.equal(beyondApiKeyCaps(rows).size, 5)
    assert.deepEqual(
      [...beyondApiKeyCaps([...rows].reverse())].sort(),
      rows.slice(20).map((r) => r.requestId),
    )
    // 300 successes: a tenth is 30.
    const many = [...rows, ...times(15, () => answer(p)), ...keyed(260, () => answer(p))]
    assert.equal(beyondApiKeyCaps(many).size, 10)
    const tie = rows.map((row) => ({ ...row, completedAtUs: 5 }))
    assert.deepEqual(
      [...beyondApiKeyCaps(tie)].sort(),
      rows.slice(20).map((r) => r.requestId),
    )
  })

  it('make the rest neutral, of successes and of failures alike', () => {
    const settled = settleOne({
      answers: [...times(25, () => answer(p)), ...times(30, () => failure(p))],
    })
    assert.deepEqual([settled.requestAttempts, settled.requestSuccesses], [40, 20])
    assert.equal(settled.totalAfter, 20)
  })
})

describe('observation', () => {
  it('pays what was judged: an unchecked success earns nothing by itself', () => {
    assert.equal(settleOne({ answers: [answer(p)] }).observationPpm, null)
    const served = answer(p)
    const arrived = check(p, { kind: 'answer', requestId: served.requestId, reason: 'served' })
    assert.equal(settleOne({ answers: [served], checks: [arrived] }).observationPpm, null)
  })

  it('is the mean over answers, each by the worst of its checks, times the tier', () => {
    const row = answer(p)
    const { requestId } = row
    const passed = check(p, { kind: 'audit', requestId, rewardPpm: 900_001 })
    assert.equal(settleOne({ answers: [row], checks: [passed] }).observationPpm, 405_000)
    const spot = check(p, { kind: 'spotcheck', requestId })
    assert.equal(settleOne({ answers: [row], checks: [passed, spot] }).observationPpm, 405_000)
    const bad = check(p, {
      kind: 'spotcheck',
      requestId,
      verdict: 'fail',
      reason: 'opening_refused',
    })
    assert.equal(settleOne({ answers: [row], checks: [passed, bad] }).observationPpm, -50_000)
    const away = check(p, { kind: 'spotcheck', requestId, verdict: 'abstained', reason: 'no_time' })
    assert.equal(settleOne({ answers: [row], checks: [passed, away] }).observationPpm, 405_000)
  })

  it('takes a hundredth for a challenge and five for a user’s request, unscaled, rounded down', () => {
    const fail = check(p, { verdict: 'fail', reason: 'late' })
    assert.equal(settleOne({ checks: [fail] }).observationPpm, -10_000)
    const unproven = check(p, { kind: 'audit', verdict: 'unproven', reason: 'other_class' })
    assert.equal(settleOne({ checks: [unproven] }).observationPpm, -50_000)
    const both = settleOne({
      checks: [fail, fail, unproven].map((c, i) => ({ ...c, requestId: `${i}` })),
    })
    assert.equal(both.observationPpm, -23_334, 'floor(−23333.3)')
    assert.equal(observe(-1, 900_000, 'bronze', false), -1)
    assert.equal(observe(0, 900_000, 'challenger', false), 0)
    assert.equal(observe(null, 900_000, 'challenger', true), null)
    assert.equal(observe(1_000_000, 1_100_000, 'gold', false), 792_000)
  })
})

describe('speed', () => {
  it('is the lower median of time per work', () => {
    assert.equal(lowerMedian([]), null)
    assert.equal(lowerMedian([4, 1, 3, 2]), 2)
    assert.equal(lowerMedian([5, 1, 3]), 3)
    assert.equal(usPerWork(25_000_000, WORK), 31_789_143)
    assert.equal(usOfWork(31_789_143, WORK), 24_999_999)
    assert.equal(usOfWork(2 ** 40, 2 ** 40), Number(2n ** 80n / 1_000_000n), 'no double’s rounding')
    assert.equal(medianUsPerWork([{ elapsedUs: null, work: WORK }], null), null)
  })

  it('clamps what is below half the certified time, and puts it first in line', () => {
    const fast = { elapsedUs: 49, work: 1_000_000 }
    assert.ok(isSuspiciouslyFast(fast, 100))
    assert.ok(!isSuspiciouslyFast({ ...fast, elapsedUs: 50 }, 100))
    assert.ok(isSuspiciouslyFast({ ...fast, elapsedUs: 50 }, 101))
    assert.ok(!isSuspiciouslyFast(fast, null))
    assert.equal(medianUsPerWork([fast], 101), 50)
    const row = answer(p, { elapsedUs: 1 })
    const settled = settleOne({ answers: [row, answer(p)], certifiedUsPerWork: 1_000_000 })
    assert.deepEqual(settled.fastAnswers, [row.requestId])
  })

  it('compares with one voice per coldkey, of at least eight', () => {
    const provers = Array.from({ length: 8 }, (_, i) => ({ coldkey: `c${i}`, usPerWork: 10 + i }))
    assert.equal(gridMedian(provers.slice(1)), null)
    assert.equal(gridMedian(provers), 13)
    const crowd = times(50, () => ({ coldkey: 'c7', usPerWork: 1 }))
    assert.equal(gridMedian([...provers.slice(0, 7), ...crowd]), 12)
    assert.equal(gridMedian([...provers, { coldkey: 'c9', usPerWork: null }]), 13)
  })

  it('moves a reward by a tenth at most', () => {
    assert.equal(speedFactorPpm(null, 10), 1_000_000)
    assert.equal(speedFactorPpm(10, null), 1_000_000)
    assert.equal(speedFactorPpm(0, 0), 1_000_000)
    assert.equal(speedFactorPpm(10, 10), 1_000_000)
    assert.equal(speedFactorPpm(1, 10), 1_100_000)
    assert.equal(speedFactorPpm(100, 10), 900_000)
    assert.equal(speedFactorPpm(11, 10), 952_380)
  })
})

describe('score', () => {
  it('averages by alpha, never below 0, and fades without evidence', () => {
    assert.equal(nextScore(0, 450_000, 50_000), 22_500)
    assert.equal(nextScore(1_000_000, 0, 50_000), 950_000)
    assert.equal(nextScore(100, -50_000, 50_000), 0)
    assert.equal(nextScore(1_000_000, null, 50_000), 999_000)
    assert.equal(nextScore(999, null, 50_000), 998)
    assert.equal(nextScore(1, 1, 50_000), 1)
    let score = 0
    for (let i = 0; i < 2000; i++) score = nextScore(score, 1_000_000, 50_000)
    assert.equal(score, 999_981, 'up to 19 ppm low')
  })

  it('fades with offers alone, all refused, too', () => {
    const state = prover('p', { scorePpm: 1000 })
    const offers = [{ hotkey: 'p', registeredBlock: 1, offered: 5, refused: 5 }]
    assert.equal(settleOne({ provers: [state], offers }).scoreAfter, 999)
  })
})

describe('a settlement’s input', () => {
  it('names rows that cannot be', () => {
    const bad = (more: Partial<SettlementInput>) =>
      assert.throws(
        () => settleOne(more),
        (e) => e instanceof RuleError && e.code === 'bad_input',
      )
    bad({ answers: [answer(prover('stranger'))] })
    bad({ checks: [check(prover('p', { registeredBlock: 2 }))] })
    const row = check(p)
    bad({ checks: [row, row] })
    bad({ provers: [p, p] })
  })
})
