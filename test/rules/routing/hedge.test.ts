import assert from 'node:assert/strict'
import * as constants from '../../../rules/constants.js'
import { hedgeAfterMs, mayHedge } from '../../../rules/routing/hedge.js'

describe('rules/hedge', () => {
  const base = { floorMs: 2000, usPerWork: 25_000_000, work: 1_000_000, steps: 25, position: 0 }

  it('waits three times what was measured, for the queue and the first step', () => {
    // 25 s a video, 1 s a step.
    assert.equal(hedgeAfterMs(base), 3000)
    assert.equal(hedgeAfterMs({ ...base, position: 2 }), 153_000)
    assert.equal(hedgeAfterMs({ ...base, steps: 250 }), 2000)
    assert.equal(hedgeAfterMs({ ...base, usPerWork: null }), null)
  })

  it('asks the second in time for the first record that is waited for', () => {
    assert.ok(constants.DEADLINE_FLOOR_MS / constants.HEDGE_FLOOR_DIVISOR < 5000)
  })

  it('shields one in twenty of a prover’s requests', () => {
    assert.equal(mayHedge({ outpaced: 0, used: 0 }), true)
    assert.equal(mayHedge({ outpaced: 1, used: 19 }), false)
    assert.equal(mayHedge({ outpaced: 1, used: 20 }), true)
    assert.equal(mayHedge({ outpaced: 5, used: 99 }), false)
  })
})
