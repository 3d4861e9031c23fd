import assert from 'node:assert/strict'
import fc from 'fast-check'
import { explainTier, type TierLines } from '../../../rules/explain/explain-tier.js'
import { MOVE_REASONS } from '../../../rules/explain/move-reasons.js'
import type { TierFacts } from '../../../rules/explain/tier-lines.js'
import { whyTier } from '../../../rules/explain/why-tier.js'
import { DEMO_PROFILE, PRODUCTION_PROFILE } from '../../../rules/profile.js'
import { settle } from '../../../rules/settle/settle.js'
import type { ProverSettlement, SettlementInput } from '../../../rules/settle/settlement.js'
import { someInterval } from '../settle/some-interval.js'

const NEVER = { cheats: 0, lastN: null }

/** What settling decided the move from. */
function factsOf(input: SettlementInput, settled: ProverSettlement): TierFacts {
  const state = input.provers.find(({ hotkey }) => hotkey === settled.hotkey)!
  return {
    tier: settled.tierBefore,
    counts: settled,
    totalSuccesses: settled.totalAfter,
    validationsSinceMove:
      state.validationsSinceMove + (settled.cheats > 0 ? 0 : settled.checksPassed),
    fastReturn: settled.fastReturn || settled.move?.reason === 'fast_return',
    caught: NEVER,
  }
}

function allMet(lines: TierLines | null): boolean {
  return lines?.checks.every((line) => line.met) ?? false
}

describe('explaining a tier', () => {
  for (const tiersRule of ['literal', 'evidence'] as const) {
    it(`says line by line what settling decides (${tiersRule})`, () => {
      const seen = new Set<string>()
      fc.assert(
        fc.property(someInterval, (given) => {
          const input = { ...given, profile: { ...given.profile, tiersRule } }
          for (const settled of settle(input).provers) {
            const { thisTier, nextTier, fastReturn } = explainTier(
              factsOf(input, settled),
              input.profile,
            )
            const says = JSON.stringify({ settled, thisTier, nextTier, fastReturn })
            const reason = settled.move?.reason ?? 'none'
            seen.add(reason)
            const falls = ['cheat', 'rate_missed', 'downtime'].includes(reason)
            assert.equal(!allMet(thisTier), falls, says)
            assert.equal(allMet(fastReturn), reason === 'fast_return', says)
            if (reason === 'fast_return') continue
            assert.equal(allMet(nextTier), reason === 'promoted', says)
          }
        }),
        { seed: 4, numRuns: tiersRule === 'literal' ? 400 : 1500 },
      )
      assert.deepEqual(
        [...seen].sort(),
        ['cheat', 'downtime', 'fast_return', 'none', 'promoted', 'rate_missed'],
        'every kind of move was seen',
      )
    })
  }

  it('names the least that would do', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('literal' as const, 'evidence' as const),
        fc.constantFrom('challenger' as const, 'gold' as const),
        fc.integer({ min: 1, max: 3000 }),
        (tiersRule, tier, attempts) => {
          const linesOf = (successes: number) =>
            explainTier(
              {
                ...standing,
                tier,
                counts: { ...counts, checksJudged: attempts, checksPassed: successes },
              },
              { ...DEMO_PROFILE, tiersRule },
            ).thisTier.checks.find(({ what }) => what === 'validation_success_rate')!
          const { need } = linesOf(attempts)
          assert.equal(linesOf(need).met, true)
          if (need > 0) assert.equal(linesOf(need - 1).met, false)
        },
      ),
      { seed: 5, numRuns: 100 },
    )
  })

  const counts = {
    requestAttempts: 100,
    requestSuccesses: 90,
    checksJudged: 4,
    checksPassed: 4,
    cheats: 0,
  }
  const standing: TierFacts = {
    tier: 'silver',
    counts,
    totalSuccesses: 5100,
    validationsSinceMove: 2,
    fastReturn: false,
    caught: NEVER,
  }
  const past = { settledN: 17, lastMove: { n: 12, text: MOVE_REASONS.promoted }, caught: NEVER }

  it('answers why a prover is Silver, and what is missing for Gold', () => {
    const explained = explainTier(standing, PRODUCTION_PROFILE)
    assert.deepEqual(
      explained.nextTier?.checks.map(({ what, have, of, need, met }) => [
        what,
        have,
        of,
        need,
        met,
      ]),
      [
        ['request_success_rate', 90, 100, 95, false],
        ['validation_success_rate', 4, 4, 4, true],
        ['cheats', 0, null, 0, true],
        ['total_successes', 5100, null, 14_000, false],
        ['passed_validations_since_last_move', 2, null, 3, false],
      ],
    )
    assert.equal(
      whyTier(explained, past),
      'Silver since interval 12, promoted: both rates, the minimum of total successes and the passed validations of the higher tier were met. ' +
        'To reach Gold it still needs a request success rate of 94.9 % (90 of 100 succeeded, 95 would have done); ' +
        '8,900 more total successes (5,100 of 14,000); 1 more passed validation since its last move (2 of 3). ' +
        'In interval 17 it missed what Silver requires: another like it costs this tier ' +
        '(90 of 100 counted requests succeeded; Silver requires 94.9 %, here 95 of 100).',
    )
  })

  it('says of an interval without validations that it needs one', () => {
    const idle = { ...counts, requestSuccesses: 100, checksJudged: 0, checksPassed: 0 }
    const facts = { ...standing, counts: idle, totalSuccesses: 14_000, validationsSinceMove: 3 }
    assert.equal(
      whyTier(explainTier(facts, PRODUCTION_PROFILE), { ...past, lastMove: null }),
      'Silver: everyone starts in Bronze, and it has not moved yet. ' +
        'To reach Gold it still needs a passed validation in an interval: without one nobody is promoted.',
    )
  })

  it('counts one as one', () => {
    const one = { ...counts, cheats: 1 }
    const { thisTier, nextTier } = explainTier(
      { ...standing, counts: one, totalSuccesses: 1, validationsSinceMove: 1 },
      PRODUCTION_PROFILE,
    )
    const texts = [...thisTier.checks, ...nextTier!.checks].map(({ text }) => text).join('\n')
    assert.match(texts, /^1 cheat was found$/m)
    assert.match(texts, /^1 total success; Gold requires 14,000$/m)
    assert.match(texts, /^1 validation passed since/m)
  })

  it('says of who was caught how often and when last, whatever the interval since found', () => {
    const idle = { ...counts, checksJudged: 0, checksPassed: 0 }
    const caught = { cheats: 114, lastN: 15 }
    const says = (facts: Partial<TierFacts>, lastMove: typeof past.lastMove | null) => {
      const all = { ...standing, tier: 'bronze' as const, caught, ...facts }
      const explained = explainTier(all, PRODUCTION_PROFILE)
      const line = explained.nextTier?.checks.find(({ what }) => what === 'cheats')
      return [whyTier(explained, { settledN: 17, lastMove, caught: all.caught }), line?.text]
    }
    const [why, line] = says({ counts: idle }, null)
    assert.match(
      why!,
      /^Bronze: it was caught cheating, and there is no lower tier\. 114 of its answers were found to be cheats, the last in interval 15\. To reach Silver/,
    )
    assert.equal(
      line,
      'nothing of it was judged in this interval; before it 114 cheats, the last in interval 15',
    )
    assert.equal(
      says({}, null)[1],
      'no cheat was found in this interval; before it 114 cheats, the last in interval 15',
    )
    const [once] = says({ caught: { cheats: 1, lastN: 3 } }, past.lastMove)
    assert.match(once!, /were met\. One of its answers was found to be a cheat, in interval 3\. To/)
    assert.doesNotMatch(once!, /everyone starts/)
  })

  it('has words for who is new, and for who is at the top', () => {
    const fresh = explainTier(
      { ...standing, tier: 'bronze', totalSuccesses: 0, validationsSinceMove: 0 },
      PRODUCTION_PROFILE,
    )
    assert.deepEqual(fresh.thisTier.checks, [])
    assert.equal(
      whyTier(fresh, { settledN: null, lastMove: null, caught: NEVER }),
      'Bronze: everyone starts in Bronze, and it has not moved yet. No interval with it is shown yet; Silver comes next.',
    )
    const top = explainTier({ ...standing, tier: 'challenger' }, PRODUCTION_PROFILE)
    assert.equal(top.nextTier, null)
    assert.match(whyTier(top, past), /There is no higher tier\./)
  })
})
