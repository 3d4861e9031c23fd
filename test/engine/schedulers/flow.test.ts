import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { torchRandn } from '../../../engine/pipeline/randn.js'
import { flowEuler, flowEulerSigmas } from '../../../engine/schedulers/flow-euler.js'
import type { Scheduler, SolverState } from '../../../engine/schedulers/scheduler.js'
import { uniPc, uniPcSchedule } from '../../../engine/schedulers/uni-pc.js'

type Schedule = [timesteps: number[], sigmas: number[]]

const SCHEDULES: { steps: number; shift: number; uni_pc: Schedule; flow_euler: Schedule }[] =
  JSON.parse(readFileSync(new URL('../../fixtures/schedules.json', import.meta.url), 'utf8'))

/** Runs a solver on a velocity that depends on latents and timestep. */
function trajectory(scheduler: Scheduler, count: number): SolverState[] {
  let state: SolverState = [torchRandn(5, 64)]
  const states = [state]
  for (const step of scheduler.steps(count)) {
    const velocity = state[0].map(
      (value, i) => Math.tanh(value) + step.timestep / 1000 - (i % 5) / 3,
    )
    state = step.next(state, velocity)
    states.push(state)
  }
  return states
}

describe('Schedulers of flows', () => {
  it('have the timesteps and noise levels of numpy in diffusers’ order, to the last bit', () => {
    assert.equal(SCHEDULES.length, 50)
    for (const { steps, shift, uni_pc, flow_euler } of SCHEDULES) {
      const name = `${steps} steps, shift ${shift}`
      const { timesteps, sigmas } = uniPcSchedule({ shift }, steps)
      assert.deepEqual([timesteps, sigmas], uni_pc, `UniPC, ${name}`)
      assert.deepEqual(flowEulerSigmas({ shift }, steps), flow_euler[1], `Euler, ${name}`)
      const told = flowEuler({ shift })
        .steps(steps)
        .map(({ timestep }) => timestep)
      assert.deepEqual(told, flow_euler[0], `Euler, ${name}`)
    }
  })

  it('keep what the next step reads, and after the last step nothing', () => {
    const tensors = (scheduler: Scheduler, count: number) =>
      trajectory(scheduler, count).map((state) => state.length)
    assert.deepEqual(tensors(uniPc({ shift: 3 }), 5), [1, 3, 4, 4, 4, 1])
    assert.deepEqual(tensors(uniPc({ shift: 3 }), 2), [1, 3, 1])
    assert.deepEqual(tensors(uniPc({ shift: 3 }), 1), [1, 1])
    assert.deepEqual(tensors(flowEuler({ shift: 3 }), 3), [1, 1, 1, 1])
  })

  it('end near one another where the steps are many, UniPC with far fewer', () => {
    const end = (scheduler: Scheduler, count: number) => trajectory(scheduler, count).at(-1)![0]
    const far = (a: Float32Array, b: Float32Array) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))
    const exact = end(flowEuler({ shift: 3 }), 1000)
    assert.ok(far(end(uniPc({ shift: 3 }), 30), exact) < 0.02)
    assert.ok(
      far(end(uniPc({ shift: 3 }), 30), exact) < far(end(flowEuler({ shift: 3 }), 30), exact),
    )
  })

  it('stay finite for every number of steps', () => {
    for (const count of [1, 2, 3, 17, 100, 999, 1000]) {
      for (const scheduler of [uniPc({ shift: 5 }), flowEuler({ shift: 5 })]) {
        const states = trajectory(scheduler, count)
        assert.ok(
          states.every((state) => state.every((tensor) => tensor.every(Number.isFinite))),
          `${count}`,
        )
      }
    }
  })
})
