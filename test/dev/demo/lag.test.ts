import assert from 'node:assert/strict'
import { hadNoTime, type IntervalLoad, lagLine, noTimeText } from '../../../dev/demo/lag.js'
import { notHeld } from '../../../dev/demo/summary.js'

const KEPT_UP: IntervalLoad = {
  n: 2,
  checks: 7,
  noTime: 0,
  late: 0,
  lengthMs: 20_000,
  tookMs: 21_000,
  gpuMs: 12_000,
}

describe('a demo on a machine that falls behind', () => {
  it('says nothing while the machine keeps up', () => {
    assert.equal(lagLine(KEPT_UP), null)
    assert.equal(lagLine({ ...KEPT_UP, tookMs: null }), null)
  })

  const behind: [Partial<IntervalLoad>, string][] = [
    [{ noTime: 3 }, 'no time for 3 of 7 checks'],
    [{ late: 2 }, '2 of the answers too late'],
    [{ gpuMs: 18_500 }, 'ground truths took 19 s of its 20 s'],
    [{ tookMs: 31_000 }, 'its blocks took 31 s, not 20 s'],
    [
      { noTime: 7, gpuMs: 31_000 },
      'no time for 7 of 7 checks; ground truths took 31 s of its 20 s',
    ],
  ]
  for (const [load, signs] of behind) {
    it(`says in one line: ${signs}`, () => {
      const line = lagLine({ ...KEPT_UP, ...load })
      assert.equal(line, `this machine fell behind in interval 2: ${signs}`)
    })
  }

  it('counts what was not reached, and what was not computed a second time', () => {
    assert.ok(hadNoTime({ reason: 'no_time' }))
    assert.ok(hadNoTime({ reason: 'not_confirmed' }))
    assert.ok(!hadNoTime({ reason: 'own_fault' }))
    assert.ok(!hadNoTime({ reason: 'hash_differs' }))
  })

  it('blames the machine for what was not found only when many checks had no time', () => {
    assert.equal(noTimeText(0, 0), null)
    assert.equal(noTimeText(40, 7), null)
    assert.equal(noTimeText(40, 8), 'no time for 8 of 40 checks')
    const broken = ['villain-1 was not caught']
    const ours = notHeld({ broken, noTime: null })
    assert.equal(ours.code, 'demo_failed')
    assert.equal(ours.message, 'what did not hold: villain-1 was not caught')
    const slow = notHeld({ broken, noTime: 'no time for 8 of 40 checks' })
    assert.equal(slow.code, 'machine_too_slow')
    assert.match(
      slow.message,
      /^this machine was too slow \(no time for 8 of 40 checks\); what did not hold: villain-1/,
    )
    assert.match(slow.hint!, /more cores/)
  })
})
