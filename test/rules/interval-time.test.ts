import assert from 'node:assert/strict'
import { hasPassed, isOverdue } from '../../rules/interval-time.js'

describe('an interval’s time', () => {
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
