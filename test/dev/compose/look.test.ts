import assert from 'node:assert/strict'
import { excessOf } from '../../../dev/compose/look.js'

const TIGHT = [
  'Uid:\t1000\t1000\t1000\t1000',
  'CapEff:\t0000000000000000',
  'CapBnd:\t0000000000000000',
  'NoNewPrivs:\t1',
  'overlay / overlay ro,relatime,lowerdir=/l/A:/l/B 0 0',
].join('\n')

describe('what `npm run compose-shape` sees of a container of ours', () => {
  it('is nothing where it has what it should', () => {
    assert.deepEqual(excessOf(TIGHT), [])
  })

  for (const [what, from, to, says] of [
    ['another user', /1000/g, '0', 'uid 0'],
    ['a capability', 'CapEff:\t0000', 'CapEff:\t0400', 'capabilities 0400000000000000 (CapEff)'],
    [
      'one that it could get',
      'CapBnd:\t0000000000000000',
      'CapBnd:\t00000000a80425fb',
      'capabilities 00000000a80425fb (CapBnd)',
    ],
    ['a way to more', 'NoNewPrivs:\t1', 'NoNewPrivs:\t0', 'it may get more rights'],
    ['a root to write to', ' ro,', ' rw,', 'its root is writable'],
    ['a root of which nothing is known', /^overlay.*$/m, '', 'its root is writable'],
  ] as const) {
    it(`is ${what}`, () => {
      assert.deepEqual(excessOf(TIGHT.replace(from, to)), [says])
    })
  }

  it('is all that it should say and does not', () => {
    assert.equal(excessOf('').length, 5)
  })
})
