import assert from 'node:assert/strict'
import { PRODUCTION_PROFILE } from '../../rules/profile.js'
import { EVIDENCE_TABLE, evidenceRefutes } from '../../rules/settle/evidence-table.js'
import { settle } from '../../rules/settle/settle.js'
import type {
  ProverSettlement,
  ProverState,
  SettlementInput,
} from '../../rules/settle/settlement.js'
import type { Tier } from '../../rules/tiers.js'
import type { Reason } from '../../rules/verdicts.js'
import { answer, check, failure, interval, prover, times } from './rows.js'

interface Scene {
  passes?: number
  fails?: Reason[]
  cheats?: number
  successes?: number
  failures?: Reason[]
}

/** One prover's interval. The keys are many, so that the caps stay out of the way. */
function play(state: ProverState, scene: Scene, more: Partial<SettlementInput> = {}) {
  let key = 0
  return settle(
    interval({
      provers: [state],
      answers: [
        ...times(scene.successes ?? 0, () => answer(state, { apiKeyId: `k${key++}` })),
        ...(scene.failures ?? []).map((reason) =>
          failure(state, { reason, apiKeyId: `k${key++}` }),
        ),
      ],
      checks: [
        ...times(scene.passes ?? 0, () => check(state)),
        ...(scene.fails ?? []).map((reason) => check(state, { verdict: 'fail', reason })),
        ...times(scene.cheats ?? 0, () =>
          check(state, { verdict: 'cheat', reason: 'hash_differs' }),
        ),
      ],
      ...more,
    }),
  ).provers[0]!
}

/** The state that the next settlement starts from. */
function stateAfter(settled: ProverSettlement): ProverState {
  return prover(settled.hotkey, {
    tier: settled.tierAfter,
    totalSuccesses: settled.totalAfter,
    scorePpm: settled.scoreAfter,
    validationsSinceMove: settled.validationsSinceMove,
    fastReturn: settled.fastReturn,
  })
}

function at(tier: Tier, more: Partial<ProverState> = {}): ProverState {
  return prover('p', { tier, totalSuccesses: 1000, validationsSinceMove: 3, ...more })
}

describe('promotion', () => {
  it('starts everyone in Bronze', () => assert.equal(prover('new').tier, 'bronze'))

  it('is one tier an interval', () => {
    const first = play(at('bronze'), { passes: 3 })
    assert.deepEqual(first.move, { from: 'bronze', to: 'silver', reason: 'promoted' })
    assert.equal(play(stateAfter(first), { passes: 3 }).tierAfter, 'gold')
  })

  it('needs the rate to the letter', () => {
    const gold = at('gold')
    // 1000·s ≥ 999·n: one failure in 1000 meets it, one in 999 does not.
    assert.equal(
      play(gold, { passes: 1, successes: 999, failures: ['late'] }).tierAfter,
      'grandmaster',
    )
    assert.equal(play(gold, { passes: 1, successes: 998, failures: ['late'] }).tierAfter, 'gold')
    assert.equal(play(gold, { passes: 999, fails: ['late'] }).tierAfter, 'grandmaster')
    assert.equal(play(gold, { passes: 998, fails: ['late'] }).tierAfter, 'gold')
    // 949: 51 of 1000, 52 not.
    const fails = (n: number): Reason[] => times(n, () => 'late' as const)
    assert.equal(play(at('bronze'), { passes: 949, fails: fails(51) }).tierAfter, 'silver')
    assert.equal(play(at('bronze'), { passes: 949, fails: fails(52) }).tierAfter, 'bronze')
  })

  it('needs the minimum of total successes, which this interval’s count towards', () => {
    const state = (totalSuccesses: number) => at('bronze', { totalSuccesses })
    const profile = PRODUCTION_PROFILE
    assert.equal(play(state(3_496), { passes: 3 }, { profile }).tierAfter, 'bronze')
    assert.equal(play(state(3_497), { passes: 3 }, { profile }).tierAfter, 'silver')
    assert.equal(play(state(3_490), { passes: 1, successes: 9 }, { profile }).tierAfter, 'silver')
  })

  it('needs three validations passed since the last move', () => {
    const state = at('bronze', { validationsSinceMove: 0 })
    const two = play(state, { passes: 2 })
    assert.equal(two.tierAfter, 'bronze')
    assert.equal(two.validationsSinceMove, 2)
    const three = play(stateAfter(two), { passes: 1 })
    assert.equal(three.tierAfter, 'silver')
    assert.equal(three.validationsSinceMove, 0)
    assert.equal(play(stateAfter(three), { passes: 2 }).tierAfter, 'silver')
  })

  it('happens to nobody in an interval without validations', () => {
    assert.equal(play(at('bronze'), { successes: 9 }).tierAfter, 'bronze')
    const audit = check(at('bronze'), { verdict: 'abstained', reason: 'own_fault' })
    assert.equal(play(at('bronze'), {}, { checks: [audit] }).tierAfter, 'bronze')
  })

  it('counts the request rate as met without user requests', () => {
    assert.equal(play(at('grandmaster'), { passes: 1 }).tierAfter, 'challenger')
  })
})

describe('relegation', () => {
  it('is one tier when a rate is missed, of requests or of validations', () => {
    for (const scene of [
      { fails: times(9, () => 'late' as const) },
      { failures: ['late' as const] },
    ]) {
      assert.deepEqual(play(at('gold'), scene).move, {
        from: 'gold',
        to: 'silver',
        reason: 'rate_missed',
      })
    }
  })

  it('leaves the tier without any evidence, and does not miss a kind without attempts', () => {
    assert.equal(play(at('challenger'), {}).move, null)
    assert.equal(play(at('challenger'), { successes: 5 }).move, null)
    assert.equal(play(at('challenger'), { passes: 5 }).move, null)
  })

  it('leaves Bronze where it is', () => {
    const low = play(at('bronze', { validationsSinceMove: 1 }), { cheats: 1, fails: ['late'] })
    assert.equal(low.move, null)
    assert.equal(low.tierAfter, 'bronze')
  })

  it('an unproven answer counts against the rate like a failure', () => {
    const state = at('silver')
    const checks = [check(state, { verdict: 'unproven', reason: 'other_class' })]
    assert.equal(play(state, {}, { checks }).tierAfter, 'bronze')
  })
})

describe('fast return', () => {
  const fallen = () => play(at('challenger'), { fails: ['unreachable'], failures: ['no_answer'] })

  it('brings a Challenger that was down straight back', () => {
    const down = fallen()
    assert.deepEqual(down.move, { from: 'challenger', to: 'grandmaster', reason: 'downtime' })
    const again = play(stateAfter(down), { fails: ['no_answer'] })
    assert.equal(again.tierAfter, 'gold')
    assert.ok(again.fastReturn)
    const idle = play(stateAfter(again), { successes: 10 })
    assert.equal(idle.tierAfter, 'gold', 'not without a validation')
    // One validation, no minimum, two tiers at once.
    const profile = PRODUCTION_PROFILE
    const back = play(stateAfter(idle), { passes: 1 }, { profile })
    assert.deepEqual(back.move, { from: 'gold', to: 'challenger', reason: 'fast_return' })
    assert.ok(!back.fastReturn)
  })

  it('waits for an interval that meets Challenger’s rates', () => {
    const fails: Reason[] = ['late']
    // 20 of 21 are above Silver's rate and below Challenger's.
    const silver = play(at('silver', { fastReturn: true, validationsSinceMove: 0 }), {
      passes: 20,
      fails,
    })
    assert.notEqual(silver.tierAfter, 'challenger')
    assert.ok(silver.fastReturn)
    assert.equal(play(stateAfter(silver), { passes: 1 }).tierAfter, 'challenger')
  })

  it('is not for other failures', () => {
    assert.ok(!play(at('challenger'), { fails: ['no_answer', 'late'] }).fastReturn)
    assert.ok(!play(at('challenger'), { fails: ['no_answer'], failures: ['malformed'] }).fastReturn)
    assert.ok(!play(at('grandmaster'), { fails: ['no_answer'] }).fastReturn, 'nor for other tiers')
    const wide = failure(at('challenger'), { kind: 'wide', apiKeyId: null, reason: 'late' })
    const late = play(at('challenger'), { fails: ['no_answer'] }, { answers: [wide] })
    assert.equal(late.move?.reason, 'rate_missed', 'nor where it answered a wide round late')
  })

  it('is lost by another fall, by a cheat, and by a refused opening', () => {
    const state = at('gold', { fastReturn: true })
    assert.ok(!play(state, { fails: ['late'] }).fastReturn)
    assert.ok(!play(state, { cheats: 1 }).fastReturn)
    const bronze = at('bronze', { fastReturn: true })
    assert.ok(!play(bronze, { cheats: 1 }).fastReturn, 'without a fall too')
    assert.ok(!play(bronze, { fails: ['opening_refused'] }).fastReturn, 'without a fall too')
    assert.ok(play(bronze, { fails: ['late'] }).fastReturn, 'Bronze cannot fall')
  })
})

describe('cheats', () => {
  it('a cheat voids the interval: Bronze, nothing earned, no successes, half of the score', () => {
    const state = at('gold', { scorePpm: 500_000, totalSuccesses: 77 })
    const settled = play(state, { passes: 30, successes: 50, cheats: 1 })
    assert.deepEqual(settled.move, { from: 'gold', to: 'bronze', reason: 'cheat' })
    assert.equal(settled.observationPpm, 0)
    assert.equal(settled.requestSuccesses, 0)
    assert.equal(settled.totalAfter, 77)
    assert.equal(settled.scoreAfter, 237_500)
    assert.ok(play(state, { cheats: 3 }).scoreAfter < 60_000)
    assert.equal(settled.cheats, 1)
  })

  it('a cheat keeps Bronze from rising, whatever the rates', () => {
    const settled = play(at('bronze'), { passes: 99, cheats: 1 })
    assert.equal(settled.tierAfter, 'bronze')
    assert.equal(settled.validationsSinceMove, 3, 'void passes prove nothing')
  })
})

describe('the evidence rule', () => {
  const profile = { ...PRODUCTION_PROFILE, tiersRule: 'evidence' as const }

  it('relegates only for failures that chance does not explain', () => {
    const lose = (tier: Tier, passes: number, fails: number): boolean => {
      const scene = { passes, fails: times(fails, () => 'late' as const) }
      return play(at(tier), scene, { profile }).tierAfter !== tier
    }
    assert.ok(!lose('challenger', 0, 1), 'one failure never')
    assert.ok(lose('challenger', 43, 2))
    assert.ok(!lose('challenger', 44, 2))
    assert.ok(!lose('silver', 0, 2))
    assert.ok(lose('silver', 1, 3))
    assert.ok(!lose('gold', 2, 3))
    assert.ok(!lose('bronze', 0, 50))
  })

  it('relegates for a cheat, and promotes by the letter all the same', () => {
    assert.equal(
      play(at('challenger'), { passes: 500, cheats: 1 }, { profile }).tierAfter,
      'bronze',
    )
    const gold = at('gold', { totalSuccesses: 700_000 })
    assert.equal(play(gold, { passes: 100, fails: ['late'] }, { profile }).tierAfter, 'gold')
    assert.equal(play(gold, { passes: 100 }, { profile }).tierAfter, 'grandmaster')
  })

  it('has the design’s numbers at its head', () => {
    assert.deepEqual(EVIDENCE_TABLE[999]!.slice(0, 6), [0, 45, 191, 429, 741, 1109])
    assert.deepEqual(EVIDENCE_TABLE[949]!.slice(0, 6), [0, 0, 4, 9, 16, 23])
    assert.ok(!evidenceRefutes(999, 0, 0))
    assert.ok(evidenceRefutes(999, 1000, 100_000), 'more failures than the table holds')
  })

  it('is P(Bin(n, q) ≥ f) < 1/1000 to the last entry, derived again with BigInt', () => {
    for (const [permille, limit] of [
      [999, 100_000],
      [949, 14_000],
    ] as const) {
      const table = EVIDENCE_TABLE[permille]!
      assert.ok(table.at(-1)! >= limit && table.at(-2)! < limit)
      for (const [i, n] of table.entries()) {
        const f = i + 1
        // Never: it does not hold even when all of n = f attempts failed.
        if (n === 0) assert.ok(!refutes(permille, f, f), `f = ${f}`)
        else
          assert.ok(refutes(permille, f, n) && !refutes(permille, f, n + 1), `f = ${f}, n = ${n}`)
      }
    }
  })
})

const BITS = 1280n
const ONE = 1n << BITS

/** P(X ≥ f) < 1/1000 in fixed point: 200 bits remain of the least term, 0.949^14000 = 2^-1057. */
function refutes(permille: number, f: number, n: number): boolean {
  const a = BigInt(1000 - permille)
  const b = BigInt(permille)
  let term = power((b * ONE) / 1000n, n)
  let below = term
  for (let k = 0; k < f - 1; k++) {
    term = (term * BigInt(n - k) * a) / (BigInt(k + 1) * b)
    below += term
  }
  return (ONE - below) * 1000n < ONE
}

function power(base: bigint, exponent: number): bigint {
  let result = ONE
  let square = base
  for (let e = exponent; e > 0; e = Math.floor(e / 2)) {
    if (e % 2 === 1) result = (result * square) >> BITS
    square = (square * square) >> BITS
  }
  return result
}
