import assert from 'node:assert/strict'
import fc from 'fast-check'
import { admit, type KeyUse, requestsLeft, untilFullUs } from '../../../ledger/keys/limits.js'

const SECOND = 1_000_000
const DAY = 86_400 * SECOND
/** Noon of some day. */
const NOON = 20_000 * DAY + DAY / 2

function use(changes: Partial<KeyUse> = {}): KeyUse {
  return {
    requestsPerMinute: 0,
    concurrentVideos: 0,
    dailyCost: 0,
    nowUs: NOON,
    bucketFullAtUs: 0,
    running: 0,
    costUsed: 0,
    ...changes,
  }
}

describe('ledger/key-limits', () => {
  it('give a whole bucket immediately, then one request an interval', () => {
    let now = use({ requestsPerMinute: 3 })
    for (const left of [2, 1, 0]) {
      const admission = admit(now, 1)
      assert.ok(admission.admitted)
      now = admission.use
      assert.equal(requestsLeft(now), left)
    }
    assert.equal(untilFullUs(now), 60 * SECOND)
    const refused = admit({ ...now, nowUs: NOON + 1 }, 1)
    assert.ok(!refused.admitted)
    assert.deepEqual([refused.limit, refused.waitUs], ['rate', 20 * SECOND - 1])
    assert.ok(admit({ ...now, nowUs: NOON + 20 * SECOND }, 1).admitted)
  })

  it('never let more through than the bucket and its refill, and name the true wait', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 90 * SECOND }), { maxLength: 60 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), gaps, (requestsPerMinute, waits) => {
        let now = use({ requestsPerMinute })
        let admitted = 0
        for (const wait of waits) {
          now = { ...now, nowUs: now.nowUs + wait }
          const admission = admit(now, 1)
          if (admission.admitted) {
            admitted += 1
            now = admission.use
          } else {
            const at = now.nowUs + admission.waitUs!
            assert.ok(admit({ ...now, nowUs: at }, 1).admitted, 'after the wait it is taken')
            assert.ok(!admit({ ...now, nowUs: at - 1 }, 1).admitted, 'and no moment before')
          }
        }
        const most = requestsPerMinute + ((now.nowUs - NOON) * requestsPerMinute) / (60 * SECOND)
        assert.ok(admitted <= most, `${admitted} of at most ${most}`)
      }),
    )
  })

  it('survive a clock that was set back', () => {
    const later = use({ requestsPerMinute: 6, bucketFullAtUs: NOON + DAY })
    const refused = admit(later, 1)
    assert.ok(!refused.admitted)
    assert.equal(refused.waitUs, 10 * SECOND)
  })

  it('hold the running videos and the day’s cost', () => {
    const running = { concurrentVideos: 2, running: 2 }
    const busy = admit(use(running), 1)
    assert.ok(!busy.admitted)
    assert.deepEqual([busy.limit, busy.waitUs], ['concurrency', null])
    assert.ok(admit(use({ ...running, running: 1 }), 1).admitted)

    const spent = { dailyCost: 10, costUsed: 7 }
    const all = admit(use(spent), 3)
    assert.ok(all.admitted)
    assert.equal(all.use.costUsed, 10)
    const over = admit(use(spent), 4)
    assert.ok(!over.admitted)
    assert.deepEqual([over.limit, over.waitUs], ['quota', DAY / 2])
    assert.equal(over.use.costUsed, 7, 'a refusal costs nothing')
    const never = admit(use(spent), 11)
    assert.ok(!never.admitted)
    assert.deepEqual([never.limit, never.waitUs], ['quota', null])
  })

  it('name of several the one that lasts longest', () => {
    const limitOf = (changes: Partial<KeyUse>, cost = 1) => {
      const admission = admit(use(changes), cost)
      return admission.admitted ? null : admission.limit
    }
    const concurrency = { concurrentVideos: 1, running: 1 }
    const rate = { requestsPerMinute: 1, bucketFullAtUs: NOON + 60 * SECOND }
    const quota = { dailyCost: 10, costUsed: 10 }
    assert.equal(limitOf({ ...concurrency, ...rate }), 'rate')
    assert.equal(limitOf({ ...concurrency, ...rate, ...quota }), 'quota')
    const nowUs = NOON + DAY / 2 - SECOND
    const late = { ...rate, nowUs, bucketFullAtUs: nowUs + 60 * SECOND }
    assert.equal(limitOf({ ...late, ...quota }), 'rate', 'a second before midnight')
    assert.equal(limitOf({ ...late, ...quota }, 11), 'quota', 'which no midnight helps')
    assert.equal(limitOf({}), null)
  })
})
