import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  capShares,
  changedUids,
  type WeightInput,
  weightVector,
} from '../../../rules/settle/weights.js'

function input(scores: number[], more: Partial<WeightInput> = {}): WeightInput {
  return {
    scores: scores.map((scorePpm, uid) => ({ hotkey: `h${uid}`, uid, scorePpm })),
    neurons: scores.map((_, uid) => ({ uid, hotkey: `h${uid}` })),
    ownUid: null,
    standingCheats: [],
    minAllowed: 0,
    maxWeightLimit: 65535,
    ...more,
  }
}

function vector(scores: number[], more: Partial<WeightInput> = {}): [number, number][] | string {
  const result = weightVector(input(scores, more))
  return result.kind === 'weights'
    ? result.uids.map((uid, i) => [uid, result.values[i]!])
    : result.reason
}

describe('weights', () => {
  it('are scores with the largest at 65535, rounded down, positive ones at least 1', () => {
    assert.deepEqual(vector([1_000_000, 500_000, 1, 0]), [
      [0, 65535],
      [1, 32767],
      [2, 1],
    ])
  })

  it('are not sent when all scores are 0', () => {
    assert.equal(vector([0, 0], { minAllowed: 2 }), 'all_scores_zero')
    assert.equal(vector([]), 'all_scores_zero')
    assert.equal(vector([5], { ownUid: 0 }), 'all_scores_zero')
  })

  it('leave out the own uid and uids whose hotkey changed', () => {
    const neurons = [0, 1, 2].map((uid) => ({ uid, hotkey: uid === 1 ? 'new' : `h${uid}` }))
    assert.deepEqual(vector([9, 9, 9], { neurons, ownUid: 0 }), [[2, 65535]])
  })

  it('are padded with 1 by the lowest uids, the own one and cheats last', () => {
    const more = { ownUid: 0, standingCheats: ['h1'] }
    assert.deepEqual(vector([0, 0, 0, 5, 0], { ...more, minAllowed: 3 }), [
      [2, 1],
      [3, 65535],
      [4, 1],
    ])
    assert.deepEqual(vector([0, 0, 0, 5, 0], { ...more, minAllowed: 4 }), [
      [0, 1],
      [2, 1],
      [3, 65535],
      [4, 1],
    ])
  })

  it('are those of all neurons where the subnet has fewer than its least number', () => {
    assert.deepEqual(vector([0, 5], { minAllowed: 3 }), [
      [0, 1],
      [1, 65535],
    ])
    assert.deepEqual(vector([7], { minAllowed: 65535 }), [[0, 65535]])
  })

  it('would go to others at uids that have another hotkey since; padding is nobody’s', () => {
    const given = input([0, 5, 7, 9])
    const now = ['x0', 'x1', 'h2', 'x3'].map((hotkey, uid) => ({ uid, hotkey }))
    assert.deepEqual(changedUids(given, [0, 1, 2, 3], now), [1, 3])
    assert.deepEqual(changedUids(given, [0, 2, 3], now), [3])
    assert.deepEqual(changedUids(given, [0, 1, 2, 3], input([0, 5, 7, 9]).neurons), [])
    assert.deepEqual(changedUids(given, [1], []), [1])
    const cheat = { ...given, standingCheats: ['h3'] }
    assert.deepEqual(changedUids(cheat, [0, 1, 2, 3], now), [1], 'what it has is padding')
    const neurons = given.neurons.map((one) => (one.uid === 1 ? { uid: 1, hotkey: 'new' } : one))
    const padded = input([0, 5, 7, 9], { neurons, minAllowed: 4 })
    const sent = weightVector(padded)
    assert.ok(sent.kind === 'weights' && sent.uids.includes(1), 'uid 1 is padding')
    assert.deepEqual(
      changedUids(padded, sent.uids, neurons),
      [],
      'whoever had a score there left before',
    )
  })

  it('keep the largest share', () => {
    // c ≤ (c + 50 + 3)/2 gives 53, or 52 when the share is just below a half.
    assert.deepEqual(vector([100, 50, 3], { maxWeightLimit: 32768 }), [
      [0, 65535],
      [1, 61825],
      [2, 3709],
    ])
    assert.deepEqual(vector([100, 50, 3], { maxWeightLimit: 32767 }), [
      [0, 65535],
      [1, 63014],
      [2, 3780],
    ])
    // 65535 of 196604 is above a third by rounding alone: the capped ones are lowered by one.
    assert.deepEqual(vector([185, 59, 152, 27], { maxWeightLimit: 21845 }), [
      [0, 65534],
      [1, 44960],
      [2, 65534],
      [3, 20574],
    ])
    assert.deepEqual(vector([100, 1, 1], { maxWeightLimit: 21845 }), [
      [0, 65535],
      [1, 65535],
      [2, 65535],
    ])
  })

  it('are refused when the share cannot be kept: padding must not be paid like a score', () => {
    assert.equal(vector([7], { maxWeightLimit: 32768 }), 'weights_infeasible')
    const padded = { maxWeightLimit: 16384, minAllowed: 4 }
    assert.equal(vector([7, 9, 0, 0], padded), 'weights_infeasible')
  })

  it('capping ends where lowering to a common c, again and again, ends', () => {
    const values = fc.array(fc.integer({ min: 1, max: 1_100_000 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(values, fc.nat(65535), (scores, extra) => {
        const limit = Math.min(65535, Math.ceil(65535 / scores.length) + extra)
        assert.deepEqual(capShares(scores, limit), lowered(scores, limit))
      }),
      { seed: 7, numRuns: 300 },
    )
  })
})

/** The design's own words, step by step. */
function lowered(scores: readonly number[], limit: number): number[] {
  const values = [...scores]
  for (;;) {
    const share = Math.floor((limit * sum(values)) / 65535)
    const over = values.flatMap((value, i) => (value > share ? [i] : []))
    if (over.length === 0) return values
    const rest = sum(values.filter((_, i) => !over.includes(i)))
    const c = Math.floor((limit * rest) / (65535 - over.length * limit))
    for (const i of over) values[i] = c
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0)
}
