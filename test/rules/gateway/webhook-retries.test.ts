import assert from 'node:assert/strict'
import { nextWaitMs, timeLeftMs } from '../../../rules/gateway/webhook-retries.js'

const HOUR = 3_600_000
const LADDER_HOURS = 75 + 7 / 12

describe('the time of a delivery', () => {
  it('is that of the whole ladder with its jitter, from the start of its workflow', () => {
    const whole = timeLeftMs(null)
    assert.ok(whole > LADDER_HOURS * 1.1 * HOUR, 'the ladder is never cut short')
    assert.ok(whole < LADDER_HOURS * 1.15 * HOUR)
    assert.equal(timeLeftMs(10 * HOUR), whole - 10 * HOUR)
    assert.ok(timeLeftMs(85 * HOUR) < 0)
  })

  it('holds the waits: the longer of the rung and what the receiver asks for', () => {
    assert.equal(nextWaitMs(5_000, null, 10 * HOUR), 5_000)
    assert.equal(nextWaitMs(5_000, HOUR, 10 * HOUR), HOUR)
    assert.equal(nextWaitMs(2 * HOUR, HOUR, 10 * HOUR), 2 * HOUR)
    assert.equal(nextWaitMs(null, HOUR, 10 * HOUR), null, 'the end of the ladder')
    assert.equal(nextWaitMs(24 * HOUR, null, 23 * HOUR), null, 'the end of its time')
    assert.equal(nextWaitMs(5_000, null, -1), null)
  })
})
