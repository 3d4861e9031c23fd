import assert from 'node:assert/strict'
import { FRAME_TOLERANCE_MIN, STEP_TOLERANCE_MIN } from '../../../rules/constants.js'
import { stepTolerance } from '../../../rules/judge/step-tolerance.js'

describe('the tolerance of a class', () => {
  it('is four times what was measured of it, and never below what rounding alone may do', () => {
    const of = (stepDeviation: number, frameDeviation: number) =>
      stepTolerance({ stepDeviation, frameDeviation })
    assert.deepEqual(of(0, 0), { step: STEP_TOLERANCE_MIN, frame: FRAME_TOLERANCE_MIN })
    assert.deepEqual(of(32_500, 1), { step: 130_000, frame: 4 })
    assert.deepEqual(of(100_000, 2), { step: 400_000, frame: 8 })
  })
})
