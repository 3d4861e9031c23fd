import assert from 'node:assert/strict'
import { blockRange, hasPassed, isOverdue } from '../../rules/interval-time.js'

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
    assert.ok(!hasPassed(interval, 110))
    assert.ok(hasPassed(interval, 111))
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
