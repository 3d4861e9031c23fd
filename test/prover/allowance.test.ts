import assert from 'node:assert/strict'
import { assertWork, deadlineOf } from '../../prover/allowance.js'
import { SHARED_MACHINE_DEADLINE_FLOOR_MS } from '../../rules/constants.js'
import { deadlineMs } from '../../rules/routing/deadlines.js'

const DAY_MS = 86_400_000

describe('what a caller may ask of a prover', () => {
  it('is its own deadline with a permit, and without one no later than everybody’s', () => {
    const work = 1_000_000
    for (const [usPerWork, coldUs] of [
      [null, 0],
      [50_000_000, 0],
      [50_000_000, 4_000_000],
    ] as const) {
      const everybodys = deadlineMs({
        floorMs: SHARED_MACHINE_DEADLINE_FLOOR_MS,
        certifiedUsPerWork: usPerWork,
        certifiedColdUs: coldUs,
        work,
      })
      assert.ok(everybodys < DAY_MS)
      const measures = { standardWork: work, usPerWork, coldUs }
      const deadline = (askedMs: number, permit: boolean) =>
        deadlineOf({ deadlineMs: askedMs, work, permit }, measures)
      assert.equal(deadline(DAY_MS, true), DAY_MS)
      assert.equal(deadline(DAY_MS, false), everybodys)
      assert.equal(deadline(1000, false), 1000)
    }
  })

  it('is no work at all without a permit where the model has no standard', () => {
    const measures = { standardWork: null, usPerWork: null, coldUs: 0 }
    assert.doesNotThrow(() => assertWork(1e12, true, measures))
    assert.throws(() => assertWork(1, false, measures), { code: 'work_needs_permit' })
  })
})
