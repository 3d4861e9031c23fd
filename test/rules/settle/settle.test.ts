import assert from 'node:assert/strict'
import { RuleError } from '../../../rules/error.js'
import { lowerMedian } from '../../../rules/order.js'
import { beyondApiKeyCaps } from '../../../rules/settle/api-key-caps.js'
import { observe } from '../../../rules/settle/observation.js'
import { requestCounts } from '../../../rules/settle/request-counts.js'
import { afterCheats, nextScore } from '../../../rules/settle/score.js'
import { settle } from '../../../rules/settle/settle.js'
import type { AnswerRow, CheckRow, SettlementInput } from '../../../rules/settle/settlement.js'
import type { Tier } from '../../../rules/tiers.js'
import { usOfWork, usPerWork } from '../../../rules/work-time.js'
import {
  answer,
  check,
  failure,
  interval,
  provenWindow,
  prover,
  refusal,
  times,
  WORK,
  wideRound,
} from '../rows.js'

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
    assert.equal(settled.observationPpm, -10_000, 'once, not for the row and for the check')
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

  it('requests that don’t count count for nothing, but their failures and cheats stand', () => {
    const standard = { steps: 12, frames: 16, width: 64, height: 64 }
    assert.ok(requestCounts(standard, standard, true))
    assert.ok(!requestCounts(standard, standard, false), 'a seed of the client')
    assert.ok(requestCounts({ ...standard, width: 128, steps: 20 }, standard, true))
    for (const less of [{ steps: 11 }, { frames: 8 }, { width: 56 }]) {
      assert.ok(!requestCounts({ ...standard, ...less }, standard, true))
    }
    const row = answer(p, { counted: false })
    const audit = check(p, { kind: 'audit', requestId: row.requestId, counted: false })
    const settled = settleOne({ answers: [row], checks: [audit] })
    assert.deepEqual(
      [settled.requestAttempts, settled.checksJudged, settled.totalAfter, settled.observationPpm],
      [0, 1, 0, null],
    )
    const lost = settleOne({ answers: [row, failure(p, { counted: false })], checks: [audit] })
    assert.deepEqual(
      [lost.requestAttempts, lost.requestSuccesses, lost.observationPpm],
      [1, 0, -10_000],
    )
    const late = check(p, {
      kind: 'spotcheck',
      requestId: row.requestId,
      counted: false,
      verdict: 'fail',
      reason: 'opening_refused',
    })
    const refused = settleOne({ answers: [row, answer(p)], checks: [late] })
    assert.deepEqual([refused.checksJudged, refused.checksPassed], [1, 0])
    assert.deepEqual([refused.meanRewardPpm, refused.observationPpm], [1_000_000, 0])
    const cheat: CheckRow = { ...audit, verdict: 'cheat', reason: 'hash_differs' }
    assert.equal(settleOne({ answers: [row], checks: [cheat] }).cheats, 1)
    // Found only when its own interval is settled: then too it costs no slot.
    assert.equal(settleOne({ checks: [late] }).meanRewardPpm, null)
    assert.equal(settleOne({ checks: [{ ...late, counted: true }] }).meanRewardPpm, -10_000)
  })

  it('of wide requests the checks count, and those passed add to the total', () => {
    const wide = { kind: 'wide', apiKeyId: null } as const
    const rows = [...times(3, () => answer(p, wide)), failure(p, wide), refusal(p, wide)]
    const checkOf = (i: number, more: Partial<CheckRow> = {}) =>
      check(p, {
        ...{ kind: 'spotcheck', requestKind: 'wide', requestId: rows[i]!.requestId },
        ...{ reason: 'step_equal', ...more },
      })
    const settled = settleOne({ answers: rows, checks: [checkOf(0)] })
    assert.deepEqual(
      [settled.requestAttempts, settled.checksJudged, settled.checksPassed, settled.totalAfter],
      [0, 1, 1, 1],
    )
    // Delivered pays, checked or not; failed and faulted cost like a challenge; refused has no slot.
    assert.equal(settled.meanRewardPpm, Math.floor((3_000_000 - 10_000) / 4))
    const faulted = checkOf(1, { verdict: 'unproven', reason: 'other_class' })
    const two = settleOne({ answers: rows, checks: [checkOf(0), faulted] })
    assert.equal(two.meanRewardPpm, Math.floor((2_000_000 - 20_000) / 4))
    // Of an interval before, whose slot is paid: a pass adds to the total, a fault costs.
    const before = checkOf(0, { requestId: 'earlier' })
    assert.deepEqual(
      [before, { ...before, verdict: 'fail' as const }].map((row) => {
        const { meanRewardPpm, totalAfter } = settleOne({ checks: [row] })
        return [meanRewardPpm, totalAfter]
      }),
      [
        [null, 1],
        [-10_000, 0],
      ],
    )
    const cheat = checkOf(2, { verdict: 'cheat', reason: 'step_differs' })
    const caught = settleOne({ answers: rows, checks: [checkOf(0), cheat] })
    assert.deepEqual([caught.cheats, caught.totalAfter], [1, 0])
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
  it('pays what was served and not faulted, checked or not', () => {
    assert.equal(settleOne({ answers: [answer(p)] }).observationPpm, 450_000)
    const served = answer(p)
    const arrived = check(p, { kind: 'answer', requestId: served.requestId, reason: 'served' })
    assert.equal(settleOne({ answers: [served], checks: [arrived] }).observationPpm, 450_000)
    assert.equal(settleOne({}).observationPpm, null)
  })

  it('takes five times as much for a failed request as for a failed challenge', () => {
    const mean = (failed: number, challenges: number) =>
      settleOne({
        answers: [answer(p), ...times(failed, () => failure(p))],
        checks: times(challenges, () => check(p, { verdict: 'fail', reason: 'late' })),
      }).meanRewardPpm
    assert.equal(mean(0, 1), Math.floor((1_000_000 - 10_000) / 2))
    assert.equal(mean(1, 0), Math.floor((1_000_000 - 50_000) / 6))
    assert.equal(mean(1, 5), Math.floor((1_000_000 - 100_000) / 11))
    // Serving nobody while passing what looks like a check does not pay: 172 of 173 served does.
    const stalled = settleOne({ answers: [...keyed(172, () => answer(p)), failure(p)] })
    assert.ok(stalled.observationPpm! > 430_000, String(stalled.observationPpm))
    const nobody = settleOne({ answers: times(20, () => failure(p)), checks: [check(p)] })
    assert.ok(nobody.observationPpm! < 1_000, String(nobody.observationPpm))
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
    assert.equal(settleOne({ answers: [row], checks: [passed, bad] }).observationPpm, -10_000)
    const away = check(p, { kind: 'spotcheck', requestId, verdict: 'abstained', reason: 'no_time' })
    assert.equal(settleOne({ answers: [row], checks: [passed, away] }).observationPpm, 405_000)
    // In a class that is not exact too: a challenge that passed is one that passed.
    const challenge = check(p, { reason: 'cosine_met', rewardPpm: 970_000 })
    assert.equal(settleOne({ checks: [challenge] }).observationPpm, 450_000)
  })

  it('is unscaled below 0, and rounded down', () => {
    const fail = check(p, { verdict: 'fail', reason: 'late' })
    assert.equal(settleOne({ checks: [fail] }).observationPpm, -10_000)
    const unproven = check(p, { kind: 'audit', verdict: 'unproven', reason: 'other_class' })
    assert.equal(settleOne({ checks: [unproven] }).observationPpm, -10_000, 'of an interval before')
    const third = times(33, () => check(p, { verdict: 'fail', reason: 'late' }))
    const served = answer(p)
    const cosine = check(p, { kind: 'audit', requestId: served.requestId, rewardPpm: 320_000 })
    const both = settleOne({ answers: [served], checks: [...third, cosine] })
    assert.equal(both.observationPpm, -295, 'floor(−294.1)')
    assert.equal(observe(-1, 900_000, 'bronze', false), -1)
    assert.equal(observe(0, 900_000, 'challenger', false), 0)
    assert.equal(observe(null, 900_000, 'challenger', true), null)
    assert.equal(observe(1_000_000, 1_100_000, 'gold', false), 792_000)
    assert.equal(observe(999_999, 3_999_999, 'silver', false), 2_199_997, 'floor(2199997.25)')
    assert.equal(observe(1_000_000, 64_000_000, 'challenger', false), 64_000_000)
  })

  it('is none without an address on the chain, whatever was missed', () => {
    const gone = prover('p', { scorePpm: 1_000_000, hasAddress: false })
    const answers = times(3, () => failure(p, { reason: 'unreachable' }))
    const settled = settleOne({ provers: [gone], answers })
    assert.deepEqual([settled.observationPpm, settled.scoreAfter], [null, 999_000])
    assert.equal(settled.requestAttempts, 3, 'its rates stand')
  })
})

describe('time per unit of work', () => {
  it('is whole picoseconds, and exact', () => {
    assert.equal(lowerMedian([]), null)
    assert.equal(lowerMedian([4, 1, 3, 2]), 2)
    assert.equal(lowerMedian([5, 1, 3]), 3)
    assert.equal(usPerWork(25_000_000, WORK), 31_789_143)
    assert.equal(usOfWork(31_789_143, WORK), 24_999_999)
    assert.equal(usOfWork(2 ** 40, 2 ** 40), Number(2n ** 80n / 1_000_000n), 'no double’s rounding')
  })
})

describe('score', () => {
  const rising = { alphaPpm: 50_000, mayRise: true }

  it('averages by alpha, never below 0, and fades without evidence', () => {
    assert.equal(nextScore(0, 450_000, rising), 22_500)
    assert.equal(nextScore(1_000_000, 0, rising), 950_000)
    assert.equal(nextScore(100, -50_000, rising), 0)
    assert.equal(nextScore(1_000_000, null, rising), 999_000)
    assert.equal(nextScore(999, null, rising), 998)
    assert.equal(nextScore(1, 1, rising), 1)
    let score = 0
    for (let i = 0; i < 2000; i++) score = nextScore(score, 1_000_000, rising)
    assert.equal(score, 999_981, 'up to 19 ppm low')
  })

  it('may not rise in Bronze without a check that was passed, and falls as ever', () => {
    const still = { ...rising, mayRise: false }
    assert.equal(nextScore(100_000, 450_000, still), 100_000)
    assert.equal(nextScore(500_000, 450_000, still), nextScore(500_000, 450_000, rising))
    assert.equal(nextScore(1_000, null, still), 999)
    const answers = times(4, () => answer(p, { kind: 'wide' }))
    const { requestId } = answers[0]!
    const seen = check(p, { kind: 'spotcheck', requestKind: 'wide', requestId })
    const settled = (tier: Tier, more: Partial<SettlementInput> = {}) => {
      const provers = [prover('p', { tier, scorePpm: 1000 })]
      return settleOne({ provers, answers, ...more }).scoreAfter
    }
    assert.equal(settled('bronze'), 1000)
    assert.ok(settled('silver') > 1000, 'whoever is there was checked before')
    assert.ok(settled('bronze', { checks: [seen] }) > 1000)
    const unknown: CheckRow = { ...seen, verdict: 'abstained', reason: 'no_time', rewardPpm: null }
    assert.equal(settled('bronze', { checks: [unknown] }), 1000)
    assert.ok(settled('bronze', { paysUnchecked: true }) > 1000, 'in records of before')
  })

  it('is halved for each cheat first', () => {
    assert.equal(afterCheats(1_000_001, 0), 1_000_001)
    assert.equal(afterCheats(1_000_001, 1), 500_000)
    assert.equal(afterCheats(1_000_000, 3), 125_000)
    assert.equal(afterCheats(1_100_000, 114), 0)
  })

  it('fades with offers alone, all refused, too', () => {
    const state = prover('p', { scorePpm: 1000 })
    const answers = times(5, () => refusal(p))
    assert.equal(settleOne({ provers: [state], answers }).scoreAfter, 999)
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
    bad({ wideRounds: [wideRound(prover('stranger'))] })
    const round = wideRound(p)
    bad({ wideRounds: [round, round] })
    bad({ window: [provenWindow(p), provenWindow(p)] })
  })
})
