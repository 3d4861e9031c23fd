import assert from 'node:assert/strict'
import { weightReasons } from '../../../rules/explain/weight-reasons.js'
import { type WeightInput, weightVector } from '../../../rules/settle/weights.js'

function told(more: Partial<WeightInput>): [uid: number, value: number, why: string][] {
  const neurons = Array.from({ length: 6 }, (_, uid) => ({ uid, hotkey: `h${uid}` }))
  const input = {
    scores: [],
    neurons,
    ownUid: 0,
    standingCheats: [],
    minAllowed: 1,
    maxWeightLimit: 65_535,
    ...more,
  }
  return weightReasons(input, weightVector(input)).map(({ uid, value, why }) => [uid, value, why])
}
const score = (uid: number, scorePpm: number, hotkey = `h${uid}`) => ({ uid, hotkey, scorePpm })

describe('why weights are what they are', () => {
  it('says of each prover what it has, or why it has nothing', () => {
    const scores = [
      score(0, 9),
      score(1, 300),
      score(2, 100),
      score(3, 50),
      score(4, 7, 'gone'),
      score(5, 0),
    ]
    assert.deepEqual(told({ scores, standingCheats: ['h3'] }), [
      [0, 0, 'this verifier itself'],
      [1, 65_535, '75.0 % of all scores'],
      [2, 21_845, '25.0 % of all scores'],
      [3, 0, 'a cheat in the interval'],
      [4, 0, 'its uid belongs to another hotkey now'],
      [5, 0, 'no score'],
    ])
    assert.deepEqual(told({ scores: [score(9, 5)] }), [[9, 0, 'no longer registered']])
  })

  it('says who is capped, and who only fills the subnet’s least number', () => {
    const capped = told({
      scores: [score(1, 900), score(2, 100), score(3, 100)],
      maxWeightLimit: 32_768,
    })
    assert.match(
      capped[0]![2],
      /^81\.8 % of all scores, more than the subnet’s largest share of 50\.0 %$/,
    )
    assert.equal(capped[1]![2], '9.1 % of all scores')
    const padded = told({ scores: [score(1, 5), score(2, 0)], minAllowed: 3 })
    assert.deepEqual(
      padded.map(([uid, value]) => [uid, value]),
      [
        [1, 65_535],
        [2, 1],
        [3, 1],
      ],
    )
    assert.match(padded[1]![2], /^the subnet wants 3 weights/)
  })
})
