import assert from 'node:assert/strict'
import { judgeClass } from '../../../rules/judge/judge-class.js'

describe('the verdict on an answer by its class alone', () => {
  const judged = new Set(['one', 'two'])

  it('is unproven, and costs what a failed check costs, where nobody can compute it', () => {
    assert.deepEqual(judgeClass({ determinismClass: 'three' }, judged), {
      ...{ verdict: 'unproven', reason: 'other_class', rewardPpm: -50_000 },
    })
    assert.equal(judgeClass({ determinismClass: 'two' }, judged), null)
  })
})
