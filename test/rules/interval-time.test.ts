import assert from 'node:assert/strict'
import { blockRange, hasPassed, isOverdue, lastBeginning } from '../../rules/interval-time.js'

describe('an interval’s time', () => {
  it('of limits goes on by the chain’s blocks, whether or not an interval was announced for them', () => {
    const first = { n: 1, firstBlock: 100, length: 20 }
    assert.deepEqual(
      [99, 100, 119, 120, 1_000].map((block) => blockRange(first, block)),
      [-1, 0, 0, 1, 45],
    )
    // The same with any later interval of that length.
    const later = { n: 8, firstBlock: 240, length: 20 }
    assert.deepEqual(
      [100, 119, 120, 259, 1_000].map((block) => blockRange(later, block)),
      [0, 0, 1, 7, 45],
    )
  })

  it('has passed from its second half on', () => {
    const interval = { firstBlock: 100, length: 21 }
    assert.ok(!hasPassed(interval, { finalized: 110, blockSeconds: 12 }))
    assert.ok(hasPassed(interval, { finalized: 111, blockSeconds: 12 }))
  })

  it('forgives a restart, for as many blocks as it takes, and no more than its own', () => {
    const last = (length: number, blockSeconds: number) =>
      lastBeginning({ firstBlock: 100, length }, blockSeconds) - 100 + 1
    assert.equal(last(360, 12), 180)
    assert.equal(last(50, 1), 30, '30 blocks of 1 s, although the half is over')
    assert.equal(last(80, 1), 40)
    assert.equal(last(20, 0.25), 20, 'all of an interval of 5 s')
    assert.equal(last(4, 12), 3)
  })

  it('to settle is one interval after its last block, and at least 15 minutes', () => {
    const long = { firstBlock: 100, length: 360 }
    assert.ok(!isOverdue(long, { finalized: 819, blockSeconds: 12 }))
    assert.ok(isOverdue(long, { finalized: 820, blockSeconds: 12 }))
    const short = { firstBlock: 100, length: 20 }
    assert.ok(!isOverdue(short, { finalized: 194, blockSeconds: 12 }))
    assert.ok(isOverdue(short, { finalized: 195, blockSeconds: 12 }), '75 blocks of 12 s')
    assert.ok(!isOverdue(short, { finalized: 1019, blockSeconds: 1 }))
    assert.ok(isOverdue(short, { finalized: 1020, blockSeconds: 1 }), '900 blocks of 1 s')
  })
})
