import assert from 'node:assert/strict'
import fc from 'fast-check'
import { explainScore } from '../../../rules/explain/explain-score.js'
import { settle } from '../../../rules/settle/settle.js'
import { someInterval } from '../settle/some-interval.js'

describe('explaining a score', () => {
  it('has a text for whatever settling finds', () => {
    const texts = new Set<string>()
    fc.assert(
      fc.property(someInterval, (input) => {
        for (const settled of settle(input).provers) {
          const { text } = explainScore({
            ...settled,
            proven: settled,
            n: input.n,
            tier: settled.tierBefore,
            alphaPpm: input.profile.movingAverageAlphaPpm,
          })
          assert.match(
            text,
            /^(In|Its) .*\. The score (went from [\d.]+ to [\d.]+: .*|of [\d.]+ did not rise: in Bronze .*)\.$/,
          )
          texts.add(text.replace(/[\d.]+/g, '#').slice(0, 50))
        }
      }),
      { seed: 6, numRuns: 300 },
    )
    // Nothing judged, a cheat, refusals, a penalty, a reward in each of five tiers.
    assert.ok(texts.size >= 5, [...texts].join('\n'))
  })

  it('says it in words', () => {
    const proven = {
      wideSharePpm: 973_684,
      offerSharePpm: 910_000,
      capacityPpm: 2_000_000,
      paidCapacityPpm: 1_772_104,
    }
    const facts = { n: 7, tier: 'gold', cheats: 0, alphaPpm: 50_000, proven } as const
    assert.equal(
      explainScore({
        ...facts,
        meanRewardPpm: 1_000_000,
        observationPpm: 1_275_914,
        scoreBefore: 500_000,
        scoreAfter: 538_795,
      }).text,
      'Its mean reward in interval 7 was 1; times 1.7721 GPUs and 0.72 for Gold that is an observation of 1.2759. ' +
        'In the last 20 settled intervals it proved 2 GPUs, kept 97.37 % of its slots in wide rounds and accepted ' +
        '91 % of what it was offered while it had room; both shares of it are paid. ' +
        'The score went from 0.5 to 0.5388: 95 % of the score before and 5 % of the observation.',
    )
    const paid = { ...facts, meanRewardPpm: 1_000_000, scoreBefore: 0, scoreAfter: 0 }
    const capped = { ...proven, paidCapacityPpm: 1_157_407 }
    assert.match(
      explainScore({ ...paid, proven: capped, observationPpm: 833_333 }).text,
      /both shares of it are paid, up to what Gold’s limit of requests keeps busy\./,
    )
    const unknown = {
      wideSharePpm: 0,
      offerSharePpm: 1_000_000,
      capacityPpm: 0,
      paidCapacityPpm: 0,
    }
    assert.match(
      explainScore({ ...paid, proven: unknown, observationPpm: 0 }).text,
      /an observation of 0\. It was asked in no wide round of the last 20 settled intervals/,
    )
    assert.match(
      explainScore({ ...paid, observationPpm: 0 }).text,
      /^Its observation in interval 7 was 0, because it refused an opening\./,
    )
    assert.match(
      explainScore({ ...paid, proven: null, observationPpm: 720_000 }).text,
      /^Its observation in interval 7 was 0\.72\. The score/,
    )
    assert.equal(
      explainScore({
        ...facts,
        meanRewardPpm: null,
        observationPpm: null,
        scoreBefore: 500_000,
        scoreAfter: 499_500,
      }).text,
      'In interval 7 nothing paid or cost it anything. ' +
        'The score went from 0.5 to 0.4995: 999 of 1000 parts of the score before.',
    )
    const cheated = {
      ...{ ...facts, cheats: 2, scoreBefore: 500_000, scoreAfter: 118_750 },
      ...{ meanRewardPpm: 900_000, observationPpm: 0 },
    }
    assert.equal(
      explainScore(cheated).text,
      'Its observation in interval 7 was 0, because it was caught cheating. The score went from 0.5 to 0.1187: ' +
        '95 % of 0.125 (halved for each cheat) and 5 % of the observation.',
    )
    assert.equal(
      explainScore({
        ...cheated,
        cheats: 0,
        meanRewardPpm: null,
        observationPpm: 7,
        scoreAfter: 475_000,
      }).text,
      'Its observation in interval 7 was 0. The score went from 0.5 to 0.475: 95 % of the score before and 5 % of the observation.',
    )
  })
})
