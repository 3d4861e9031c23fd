import assert from 'node:assert/strict'
import { leastOfEach, slope } from '../../bench/support/measure.js'

describe('what is made of samples', () => {
  it('is by how much they grow, whatever their noise', () => {
    assert.equal(slope([3, 5, 7, 9]), 2)
    assert.equal(slope([9, 9, 9]), 0)
    assert.equal(slope([7]), 0)
    const noisy = Array.from({ length: 200 }, (_, i) => 100 + 0.5 * i + (i % 2 === 0 ? 30 : -30))
    assert.ok(Math.abs(slope(noisy) - 0.5) < 0.01, String(slope(noisy)))
  })

  it('is the least of each group, which of a heap is what its collector left', () => {
    assert.deepEqual(leastOfEach(3, [5, 2, 9, 4, 4, 8, 1]), [2, 4])
    assert.deepEqual(leastOfEach(1, [3, 1]), [3, 1])
    assert.deepEqual(leastOfEach(5, [3, 1]), [])
  })
})
