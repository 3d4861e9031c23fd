import assert from 'node:assert/strict'
import { weightsNotSet } from '../../../dev/demo/weights.js'

describe('what the demo promises of weights', () => {
  const set = { kind: 'weights', readBackOk: true } as const
  const none = { kind: 'none', readBackOk: null } as const

  it('holds if all were read back', () => {
    assert.deepEqual(weightsNotSet([1, 2].map((n) => ({ n, set }))), [])
  })

  it('holds if nobody had earned anything in an interval', () => {
    assert.deepEqual(
      weightsNotSet([
        { n: 1, set: none },
        { n: 2, set },
      ]),
      [],
    )
  })

  it('does not hold if nobody earned anything in any', () => {
    assert.deepEqual(weightsNotSet([{ n: 1, set: none }]), ['nobody earned any weight'])
  })

  it('names the intervals whose weights are not there or are others', () => {
    const other = { kind: 'weights', readBackOk: false } as const
    const unset = { kind: 'infeasible', readBackOk: null } as const
    const all = [set, other, unset, null].map((row, i) => ({ n: i + 1, set: row }))
    assert.deepEqual(
      weightsNotSet(all),
      [2, 3, 4].map(
        (n) => `the weights of interval ${n} were not set and read back from the chain`,
      ),
    )
  })
})
