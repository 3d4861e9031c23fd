import assert from 'node:assert/strict'
import { percentOfFrames, percentOfSteps } from '../../../activities/video/percent-done.js'

describe('progress of a video', () => {
  it('rises by steps, then by frames, and leaves the last per cent to the file', () => {
    const steps = Array.from({ length: 13 }, (_, step) => percentOfSteps(step, 12))
    const frames = Array.from({ length: 16 }, (_, i) => percentOfFrames(i + 1, 16))
    const all = [...steps, ...frames]
    assert.deepEqual(
      all,
      all.toSorted((a, b) => a - b),
      'it never falls',
    )
    assert.deepEqual([steps[0], steps[12], frames[15]], [0, 90, 99])
    // Pictures come while the bar still moves.
    assert.ok(new Set(frames).size > 5, frames.join(' '))
  })

  it('stays within its bounds whatever a prover says', () => {
    assert.equal(percentOfSteps(20, 12), 90)
    assert.equal(percentOfFrames(99, 16), 99)
  })
})
