import assert from 'node:assert/strict'
import { type Figure, goalText, meetsGoal } from '../../bench/support/figures.js'
import { streamGoals } from '../../bench/support/stream-goals.js'

const of = (changes: Partial<Figure>): Figure => {
  return {
    name: 'a stream',
    figure: 9,
    unit: 'ms',
    ratio: null,
    beside: null,
    goal: null,
    ...changes,
  }
}

describe('what is asked of a stream', () => {
  it('alone: at most 10 ms more than asking the prover', () => {
    const goal = streamGoals(1).added!
    assert.equal(goalText(of({ goal })), '≤ 10 ms')
    assert.equal(meetsGoal(of({ goal })), true)
    assert.equal(meetsGoal(of({ goal, figure: 10.1 })), false)
  })

  it('32 at a time: no more of the processors than a request through a bare proxy', () => {
    const goal = streamGoals(32).processor!
    const beside = 'a request through a bare Express proxy'
    assert.equal(goalText(of({ goal, beside, ratio: 1 })), '≤ 1 times')
    assert.equal(meetsGoal(of({ goal, beside, ratio: 1 })), true)
    assert.equal(meetsGoal(of({ goal, beside, ratio: 1.1 })), false)
  })
})
