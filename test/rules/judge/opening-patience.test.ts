import assert from 'node:assert/strict'
import { isOpeningRefused } from '../../../rules/judge/opening-patience.js'

describe('silence when an opening is asked for', () => {
  it('is a refusal after three tries and thirteen blocks, and never later than the window', () => {
    const refused = (times: number, seconds: number, blockSeconds: number) =>
      isOpeningRefused({ times, sinceDeliveredMs: seconds * 1000 }, blockSeconds)
    assert.equal(refused(2, 500, 12), false)
    assert.equal(refused(50, 155.9, 12), false)
    assert.equal(refused(3, 156, 12), true)
    assert.equal(refused(3, 3.9, 0.3), true)
    assert.equal(refused(3, 3.8, 0.3), false)
    assert.equal(refused(3, 179, 60), false)
    assert.equal(refused(3, 180, 60), true)
  })
})
