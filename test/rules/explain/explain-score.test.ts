import assert from 'node:assert/strict'
import fc from 'fast-check'
import { explainScore } from '../../../rules/explain/explain-score.js'
import { observe } from '../../../rules/settle/observation.js'
import { refusedMostly } from '../../../rules/settle/refusals.js'
import { settle } from '../../../rules/settle/settle.js'
import { someInterval } from '../settle/some-interval.js'

describe('explaining a score', () => {
  it('takes it to parts that make it up again, from failed and checked answers alone', () => {
    const texts = new Set<string>()
    fc.assert(
      fc.property(someInterval, (input) => {
        for (const settled of settle(input).provers) {
          const mine = (row: { hotkey: string }) => row.hotkey === settled.hotkey
          const checks = input.checks.filter(mine)
          const checked = new Set(checks.map(({ requestId }) => requestId))
          const { meanRewardPpm, text } = explainScore({
            ...settled,
            n: input.n,
            tier: settled.tierBefore,
            alphaPpm: input.profile.movingAverageAlphaPpm,
            checks,
            // What the ledger reads back: an unchecked success neither pays nor costs.
            answers: input.answers
              .filter(mine)
              .filter((row) => row.outcome === 'failure' || checked.has(row.requestId)),
          })
          const isZero = settled.cheats > 0 || input.offers.filter(mine).some(refusedMostly)
          const observation = observe(meanRewardPpm, settled.speedPpm, settled.tierBefore, isZero)
          assert.equal(observation, settled.observationPpm, JSON.stringify(settled))
          texts.add(text.replace(/[\d.]+/g, '#').slice(0, 50))
        }
      }),
      { seed: 6, numRuns: 300 },
    )
    // Nothing judged, a cheat, refusals, a penalty, a reward in each of five tiers.
    assert.ok(texts.size >= 5, [...texts].join('\n'))
  })

  it('says it in words', () => {
    const facts = { n: 7, tier: 'gold', cheats: 0, speedPpm: 1_050_000, alphaPpm: 50_000 } as const
    const row = { hotkey: 'p', registeredBlock: 1, requestId: 'a', kind: 'challenge' } as const
    const pass = { ...row, verdict: 'pass', reason: 'hash_equal', rewardPpm: 1_000_000 } as const
    assert.equal(
      explainScore({
        ...facts,
        observationPpm: 756_000,
        scoreBefore: 500_000,
        scoreAfter: 512_800,
        checks: [pass],
        answers: [],
      }).text,
      'Its mean reward in interval 7 was 1; times 1.05 for speed and 0.72 for Gold that is an observation of 0.756. ' +
        'The score went from 0.5 to 0.5128: 95 % of the score before and 5 % of the observation.',
    )
    assert.equal(
      explainScore({
        ...facts,
        observationPpm: null,
        scoreBefore: 500_000,
        scoreAfter: 499_500,
        checks: [],
        answers: [],
      }).text,
      'In interval 7 nothing of it was judged and no counted request failed. ' +
        'The score went from 0.5 to 0.4995: 999 of 1000 parts of the score before.',
    )
  })
})
