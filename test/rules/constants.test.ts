import assert from 'node:assert/strict'
import * as constants from '../../rules/constants.js'
import { RuleError } from '../../rules/error.js'
import { cosinePpm } from '../../rules/judge/similarity.js'
import {
  assertProfileAllowed,
  DEMO_PROFILE,
  PRODUCTION_PROFILE,
  TEST_PROFILE,
} from '../../rules/profile.js'
import { nextScore } from '../../rules/settle/score.js'
import { TIERS } from '../../rules/tiers.js'

function falls(values: readonly (number | null)[], strictly: boolean): void {
  for (let i = 1; i < values.length; i++) {
    const [higher, lower] = [values[i - 1] ?? 0, values[i] ?? 0]
    assert.ok(strictly ? higher > lower : higher >= lower, `${values}`)
  }
}

describe('constants, the margins between them', () => {
  it('a higher tier asks more and gives more', () => {
    falls(
      TIERS.map((tier) => constants.TIER_RATE_PERMILLE[tier]),
      false,
    )
    for (const table of [
      constants.TIER_MINIMUM_SUCCESSES,
      constants.TIER_FACTOR_PPM,
      constants.TIER_REQUEST_LIMIT,
      constants.COSINE_THRESHOLD_PPM,
      DEMO_PROFILE.tierMinimums,
    ]) {
      falls(
        TIERS.map((tier) => table[tier]),
        true,
      )
    }
  })

  it('shares are looked at for as long as a score remembers', () => {
    assert.equal(
      constants.SHARE_WINDOW_INTERVALS * constants.MOVING_AVERAGE_ALPHA_PPM,
      constants.ONE_PPM,
    )
  })

  it('a lost score takes long to fade, and a refuted one does not', () => {
    const rising = { alphaPpm: constants.MOVING_AVERAGE_ALPHA_PPM, mayRise: true }
    let idle = 1_000_000
    let refuted = 1_000_000
    for (let i = 0; i < 20; i++) {
      idle = nextScore(idle, null, rising)
      refuted = nextScore(refuted, 0, rising)
    }
    assert.ok(idle > 980_000 && refuted < 360_000)
  })

  it('a user’s failed request costs five times a challenge', () => {
    assert.equal(constants.INFERENCE_PENALTY_PPM, 5 * constants.CHALLENGE_PENALTY_PPM)
  })

  it('budgets leave room, and one key less than half of a tier', () => {
    const checks = constants.CHALLENGE_GPU_PERCENT + constants.AUDIT_GPU_PERCENT
    assert.ok(checks < constants.TOTAL_GPU_PERCENT && constants.TOTAL_GPU_PERCENT < 100)
    const deadline = constants.DEADLINE_NUMERATOR / constants.DEADLINE_DENOMINATOR
    assert.ok(
      deadline > 2 && deadline < 3,
      'one that waits behind one at work is in time, two are not',
    )
    assert.ok(constants.BREAKER_FIRST_MS < constants.BREAKER_MAX_MS)
    assert.ok(
      constants.API_KEY_FLOOR * 5 < TIERS.map((t) => constants.TIER_REQUEST_LIMIT[t]).at(-1)!,
    )
  })

  it('a first record is due well before the deadline, and after a second prover was asked', () => {
    const hedged = constants.DEADLINE_FLOOR_MS / constants.HEDGE_FLOOR_DIVISOR
    assert.ok(hedged < constants.FIRST_RECORD_MS)
    assert.ok(constants.FIRST_RECORD_MS < constants.DEADLINE_FLOOR_MS)
    assert.ok(
      constants.AUDIT_PATIENCE_SECONDS < constants.LAPSE_SECONDS,
      'else audits make it lapse',
    )
  })

  it('honest rounding stays above every cosine threshold', () => {
    // A video with every thousandth value off by one, far more than two honest machines differ by.
    const shape = { width: 16, height: 16, frames: 4 }
    const a = Uint8Array.from({ length: 3072 }, (_, i) => (i * 7919) % 251)
    const b = a.map((value, i) => (i % 1000 === 0 ? value + 1 : value))
    assert.ok(cosinePpm(a, b, shape) >= 999_990)
  })
})

describe('profiles', () => {
  it('scaled-down ones are refused on a real network', () => {
    for (const profile of [DEMO_PROFILE, TEST_PROFILE]) {
      assertProfileAllowed(profile, false)
      assert.throws(
        () => assertProfileAllowed(profile, true),
        (e) => e instanceof RuleError && e.code === 'profile_refused' && e.hint !== undefined,
      )
    }
    assertProfileAllowed(PRODUCTION_PROFILE, true)
  })

  it('the demo’s reaches every tier soon, and differs from production by name', () => {
    assert.deepEqual(Object.values(DEMO_PROFILE.tierMinimums), [40, 20, 8, 3, 0])
    assert.deepEqual([DEMO_PROFILE.intervalBlocks, DEMO_PROFILE.certificateRuns], [20, 4])
    assert.deepEqual({ ...TEST_PROFILE, name: 'demo' }, DEMO_PROFILE)
  })
})

describe('cosine', () => {
  it('refuses bytes without the shape, and knows videos without variance', () => {
    const shape = { width: 2, height: 1, frames: 1 }
    const flat = new Uint8Array(6).fill(9)
    assert.throws(() => cosinePpm(flat, flat, { ...shape, frames: 2 }), RuleError)
    assert.throws(() => cosinePpm(flat, flat.slice(1), shape), RuleError)
    assert.equal(cosinePpm(flat, flat, shape), 1_000_000)
    assert.equal(cosinePpm(flat, Uint8Array.of(9, 9, 9, 9, 9, 8), shape), 0)
  })

  it('stays exact at the embedded model’s size', () => {
    const shape = { width: 64, height: 64, frames: 16 }
    const a = Uint8Array.from({ length: 64 * 64 * 16 * 3 }, (_, i) => (i * 31 + (i >> 7)) & 255)
    assert.equal(cosinePpm(a, a, shape), 1_000_000)
    assert.equal(
      cosinePpm(
        a,
        a.map((v) => 255 - v),
        shape,
      ),
      0,
    )
  })
})
