import assert from 'node:assert/strict'
import { leftOut } from '../../../rules/plan/sample-pool.js'

describe('whom a sample is not drawn from', () => {
  const provers = [
    { hotkey: 'full', room: 0 },
    { hotkey: 'at work', room: 1 },
    { hotkey: 'a', room: 2 },
    { hotkey: 'b', room: 2 },
  ]

  it('whoever no user’s request would go to', () => {
    assert.deepEqual(leftOut(provers, ['a', 'b']), ['full', 'at work'])
    assert.deepEqual(leftOut(provers, ['a']), ['full', 'at work', 'b'])
    assert.deepEqual(leftOut(provers, ['full', 'at work']), ['full', 'a', 'b'])
  })

  it('only those without room where no user’s request would go to anybody', () => {
    assert.deepEqual(leftOut(provers, []), ['full'])
    assert.deepEqual(leftOut(provers, ['full', 'gone']), ['full'])
  })
})
