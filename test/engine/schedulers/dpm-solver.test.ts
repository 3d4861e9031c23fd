import assert from 'node:assert/strict'
import {
  type DpmSolverConfig,
  solverStep,
  solverSteps,
} from '../../../engine/schedulers/dpm-solver.js'

const CONFIG: DpmSolverConfig = {
  trainSteps: 1000,
  betaStart: 0.00085,
  betaEnd: 0.012,
  betaSchedule: 'scaled_linear',
}

describe('solverSteps', () => {
  it('spaces timesteps as numpy.linspace and rounds half to even', () => {
    const timesteps = (steps: number) => solverSteps(CONFIG, steps).map((step) => step.timestep)
    assert.deepEqual(timesteps(1), [999])
    assert.deepEqual(timesteps(2), [999, 500])
    assert.deepEqual(timesteps(4), [999, 749, 500, 250])
    assert.deepEqual(timesteps(5), [999, 799, 599, 400, 200])
  })

  it('is of first order at both ends, and ends on the prediction itself', () => {
    const steps = solverSteps(CONFIG, 12)
    assert.deepEqual(
      steps.map((step) => step.slope === 0),
      steps.map((_, i) => i === 0 || i === 11),
    )
    assert.equal(steps[11]!.keep, 0)
    assert.equal(steps[11]!.gain, -1)
    const last = solverStep(
      steps[11]!,
      Float32Array.of(0.5),
      Float32Array.of(0.25),
      Float32Array.of(9),
    )
    assert.deepEqual(last.latents, last.x0)
  })

  it('stays finite for every number of steps, where timesteps coincide too', () => {
    for (const steps of [1, 2, 3, 499, 500, 501, 777, 999, 1000]) {
      for (const [i, step] of solverSteps(CONFIG, steps).entries()) {
        assert.ok(Object.values(step).every(Number.isFinite), `step ${i} of ${steps}`)
      }
    }
  })
})
