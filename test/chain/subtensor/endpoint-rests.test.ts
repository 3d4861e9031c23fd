import assert from 'node:assert/strict'
import { EndpointRests } from '../../../chain/subtensor/endpoint-rests.js'
import { refusalOf, retryAfterMs } from '../../../chain/subtensor/refusal.js'

const URL = 'ws://one'

describe('endpoints that are left alone', () => {
  /** How often an endpoint is asked that refuses for so long. */
  function asked(minutes: number, random: number, retryAfter: number | null = null) {
    let now = 0
    const rests = new EndpointRests(
      () => now,
      () => random,
    )
    let times = 0
    while (now < minutes * 60_000) {
      now += rests.leftMs(URL)
      rests.refused(URL, retryAfter)
      times += 1
    }
    return { times, rests, at: () => now }
  }

  it('503 for ten minutes: some twenty questions, and it is found again within a minute', () => {
    for (const random of [0, 0.5, 0.999]) {
      const { times, rests } = asked(10, random)
      assert.ok(times >= 14 && times <= 30, `${times} questions`)
      assert.ok(rests.leftMs(URL) <= 60_000)
    }
  })

  it('as long as it asks for, ten minutes at most', () => {
    for (const [told, least, most] of [
      [5000, 5000, 5500],
      [3_600_000, 600_000, 660_000],
    ] as const) {
      const rests = new EndpointRests(
        () => 0,
        () => 0.999,
      )
      rests.refused(URL, told)
      const left = rests.leftMs(URL)
      assert.ok(left >= least && left <= most, `${left} ms`)
    }
  })

  it('those refused together do not come back together', () => {
    const left = (random: number) => {
      const rests = new EndpointRests(
        () => 0,
        () => random,
      )
      rests.refused(URL, null)
      return rests.leftMs(URL)
    }
    assert.deepEqual([left(0), left(0.5)], [1000, 750])
  })

  it('are forgiven once they served for a while', () => {
    const { rests } = asked(10, 0)
    rests.served(URL)
    assert.equal(rests.leftMs(URL), 0)
    rests.refused(URL, null)
    assert.equal(rests.leftMs(URL), 1000, 'it begins anew')
  })
})

describe('how an endpoint refuses', () => {
  it('says when to come back in seconds, by a date, or not at all', () => {
    assert.equal(retryAfterMs('7'), 7000)
    const now = Date.parse('Sun, 29 Nov 2026 08:00:00 GMT')
    assert.equal(retryAfterMs('Sun, 29 Nov 2026 08:00:30 GMT', now), 30_000)
    assert.equal(retryAfterMs('Sun, 29 Nov 2026 07:00:00 GMT', now), 0)
    for (const said of [undefined, 'soon']) assert.equal(retryAfterMs(said), null, said)
  })

  it('in JSON-RPC by codes and by words', () => {
    const of = (code: number, said: string, data?: unknown) =>
      refusalOf({ code, said, data }, 'chain_getHeader', 'wss://node')?.retryAfterMs
    assert.equal(of(429, 'slow down'), null)
    assert.equal(of(-32005, 'x', { rate: { backoff_seconds: 3 } }), 3000)
    assert.equal(of(-32000, 'Too many requests', { retry_after: 0.5 }), 500)
    assert.equal(of(-32000, 'project ID request rate-limit reached'), null)
    for (const said of ['Transaction is outdated', 'exhaust the block limits', 'UnknownBlock']) {
      assert.equal(of(1010, said), undefined, said)
    }
  })
})
