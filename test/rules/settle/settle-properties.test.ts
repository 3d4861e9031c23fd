import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DEMO_PROFILE } from '../../../rules/profile.js'
import { meetsRates } from '../../../rules/settle/rates.js'
import { settle } from '../../../rules/settle/settle.js'
import { weightVector } from '../../../rules/settle/weights.js'
import { TIERS, type Tier, tierAbove } from '../../../rules/tiers.js'
import { deepFreeze } from '../rows.js'
import { someInterval } from './some-interval.js'

const RUNS = { seed: 20261122, numRuns: 400 }

/** 0 for the best tier. */
const tierRank = (tier: Tier) => TIERS.indexOf(tier)

describe('settlement, properties', () => {
  it('does not depend on the order of rows, and settling twice changes nothing', () => {
    fc.assert(
      fc.property(someInterval, fc.infiniteStream(fc.nat()), (input, numbers) => {
        deepFreeze(input)
        const before = JSON.stringify(input)
        const first = settle(input)
        assert.deepEqual(settle(input), first)
        const mix = <T>(rows: readonly T[]): T[] =>
          rows
            .map((row) => ({ row, at: numbers.next().value ?? 0 }))
            .sort((a, b) => a.at - b.at)
            .map(({ row }) => row)
        const mixed = {
          ...input,
          provers: mix(input.provers),
          answers: mix(input.answers),
          checks: mix(input.checks),
          wideRounds: mix(input.wideRounds),
          window: mix(input.window),
        }
        assert.deepEqual(settle(mixed), first)
        assert.equal(JSON.stringify(input), before)
      }),
      RUNS,
    )
  })

  it('never raises a tier without its requirements', () => {
    fc.assert(
      fc.property(someInterval, (input) => {
        for (const settled of settle(input).provers) {
          const state = input.provers.find(({ hotkey }) => hotkey === settled.hotkey)!
          const { tierBefore, tierAfter, move } = settled
          assert.equal(move === null, tierBefore === tierAfter)
          if (tierRank(tierAfter) >= tierRank(tierBefore)) continue
          assert.equal(settled.cheats, 0)
          assert.ok(settled.checksJudged > 0)
          assert.ok(meetsRates(tierAfter, settled))
          if (move!.reason === 'fast_return') {
            assert.ok(state.fastReturn && tierAfter === 'challenger')
            continue
          }
          assert.equal(tierAfter, tierAbove(tierBefore))
          assert.ok(settled.totalAfter >= DEMO_PROFILE.tierMinimums[tierAfter])
          assert.ok(state.validationsSinceMove + settled.checksPassed >= 3)
        }
      }),
      RUNS,
    )
  })

  it('a returning Challenger that meets Challenger’s rates jumps back', () => {
    fc.assert(
      fc.property(someInterval, (input) => {
        for (const settled of settle(input).provers) {
          const state = input.provers.find(({ hotkey }) => hotkey === settled.hotkey)!
          if (!state.fastReturn || settled.cheats > 0 || settled.checksJudged === 0) continue
          if (state.tier === 'challenger') continue
          if (!meetsRates('challenger', settled)) continue
          assert.equal(settled.tierAfter, 'challenger')
        }
      }),
      RUNS,
    )
  })

  it('falls to Bronze with a cheat, else loses one tier at a time, and keeps totals', () => {
    fc.assert(
      fc.property(someInterval, (input) => {
        const { provers, cheatingHotkeys } = settle(input)
        assert.equal(provers.length, input.provers.length)
        for (const settled of provers) {
          assert.equal(settled.cheats > 0, cheatingHotkeys.includes(settled.hotkey))
          if (settled.cheats > 0) {
            assert.equal(settled.tierAfter, 'bronze')
            assert.equal(settled.totalAfter, settled.totalBefore)
            assert.ok((settled.observationPpm ?? 0) <= 0)
            assert.ok(settled.scoreAfter <= settled.scoreBefore / 2 ** settled.cheats)
          } else {
            assert.ok(tierRank(settled.tierAfter) - tierRank(settled.tierBefore) <= 1)
          }
          const gained = settled.totalAfter - settled.totalBefore
          assert.ok(gained >= 0 && gained <= settled.requestSuccesses + settled.checksPassed)
          assert.ok(settled.requestSuccesses <= settled.requestAttempts)
          assert.ok(settled.checksPassed <= settled.checksJudged)
        }
      }),
      RUNS,
    )
  })

  it('keeps observations and scores in bounds', () => {
    fc.assert(
      fc.property(someInterval, (input) => {
        for (const settled of settle(input).provers) {
          const { observationPpm, meanRewardPpm, scoreBefore, scoreAfter } = settled
          const { wideSharePpm, offerSharePpm, capacityPpm, paidCapacityPpm } = settled
          for (const share of [wideSharePpm, offerSharePpm]) {
            assert.ok(share >= 0 && share <= 1_000_000 && Number.isInteger(share))
          }
          // Nobody of these declares more than 3 GPUs.
          assert.ok(capacityPpm >= 0 && capacityPpm <= 3_000_000 && Number.isInteger(capacityPpm))
          assert.ok(paidCapacityPpm >= 0 && paidCapacityPpm <= capacityPpm)
          assert.ok(scoreAfter >= 0 && Number.isInteger(scoreAfter))
          assert.ok(scoreAfter <= Math.max(scoreBefore, observationPpm ?? 0))
          if (observationPpm === null) continue
          assert.ok(observationPpm >= -10_000 && observationPpm <= paidCapacityPpm)
          assert.ok(observationPpm <= Math.max(0, meanRewardPpm!) * 3)
        }
      }),
      RUNS,
    )
  })

  it('makes weights that sum and stay in bounds', () => {
    fc.assert(
      fc.property(
        someInterval,
        fc.nat(12),
        fc.integer({ min: 1, max: 65535 }),
        (input, min, limit) => {
          const { provers, cheatingHotkeys } = settle(input)
          const vector = weightVector({
            scores: provers.map(({ hotkey, uid, scoreAfter }) => ({
              hotkey,
              uid,
              scorePpm: scoreAfter,
            })),
            neurons: provers.map(({ hotkey, uid }) => ({ hotkey, uid })),
            ownUid: null,
            standingCheats: cheatingHotkeys,
            minAllowed: min,
            maxWeightLimit: limit,
          })
          if (vector.kind !== 'weights') return
          const sum = vector.values.reduce((a, b) => a + b, 0)
          for (const value of vector.values) {
            assert.ok(Number.isInteger(value) && value >= 1 && value <= 65535)
            assert.ok(value * 65535 <= limit * sum)
          }
          assert.ok(vector.uids.length >= Math.min(min, provers.length))
          assert.deepEqual(
            vector.uids,
            [...new Set(vector.uids)].sort((a, b) => a - b),
          )
          assert.equal(vector.uids.length, vector.values.length)
        },
      ),
      RUNS,
    )
  })
})
