import assert from 'node:assert/strict'
import { sampleDelayMs } from '../../../rules/plan/sample-delay.js'

describe('how long a request of a sample waits at most', () => {
  it('is a tenth of what its work takes, and half a second at least', () => {
    assert.equal(sampleDelayMs(3, 25_000_000), 2_500)
    assert.equal(sampleDelayMs(3, 5_009_999), 500)
    assert.equal(sampleDelayMs(3, 5_010_000), 501)
    assert.equal(sampleDelayMs(3, 0), 500)
  })

  it('is none for a sample of one', () => {
    assert.equal(sampleDelayMs(1, 25_000_000), 0)
  })
})
