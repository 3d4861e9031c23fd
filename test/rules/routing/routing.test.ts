import assert from 'node:assert/strict'
import fc from 'fast-check'
import { TIER_REQUEST_LIMIT } from '../../../rules/constants.js'
import { breakerState, openForMs } from '../../../rules/routing/breaker.js'
import { deadlineMs, framesMs, openingDeadlineMs } from '../../../rules/routing/deadlines.js'
import { type RouteCandidate, type RouteInput, route } from '../../../rules/routing/route.js'
import { TIERS } from '../../../rules/tiers.js'

function candidate(hotkey: string, more: Partial<RouteCandidate> = {}): RouteCandidate {
  return {
    hotkey,
    tier: 'gold',
    queueLength: 0,
    capacity: 4,
    latencyUsPerWork: 1_000_000,
    usedThisInterval: 0,
    breaker: 'closed',
    lastResort: false,
    inFlight: 0,
    ...more,
  }
}

function input(candidates: RouteCandidate[], more: Partial<RouteInput> = {}): RouteInput {
  return { candidates, work: 786_432, exclude: [], tierLimits: TIER_REQUEST_LIMIT, ...more }
}

/** Random numbers from a seed; none so low that it explores. */
function dice(seed = 1): () => number {
  let x = seed
  return () => {
    do x = (x * 48271) % 2147483647
    while (x % 1_000_000 < 50_000)
    return x % 1_000_000
  }
}

/** Whom many users' requests go to. */
function spread(asked: RouteInput): Map<string, number> {
  const counts = new Map<string, number>()
  for (let i = 1; i <= 400; i++) {
    const hotkey = route(asked, dice(i * 7919))?.hotkey ?? 'nobody'
    counts.set(hotkey, (counts.get(hotkey) ?? 0) + 1)
  }
  return counts
}

describe('routing', () => {
  it('takes the higher tier among those within 1.25 of the soonest of any tier', () => {
    const bronze = candidate('bronze', { tier: 'bronze' })
    const gold = (latencyUsPerWork: number) => candidate('gold', { latencyUsPerWork })
    assert.deepEqual([...spread(input([bronze, gold(1_250_000)])).keys()], ['gold'])
    assert.deepEqual([...spread(input([bronze, gold(1_250_001)])).keys()], ['bronze'])
  })

  it('counts the queue: its own, and what is on the way there', () => {
    const idle = candidate('idle', { latencyUsPerWork: 1_900_000 })
    for (const busy of [{ queueLength: 1 }, { inFlight: 1 }]) {
      const near = spread(input([idle, candidate('busy', busy)]))
      assert.ok(near.get('idle')! > near.get('busy')! || !near.has('busy'))
    }
    const far = spread(input([idle, candidate('busy', { queueLength: 3 })]))
    assert.deepEqual([...far.keys()], ['idle'])
  })

  it('takes the better of two random ones', () => {
    const four = ['a', 'b', 'c', 'd'].map((hotkey, i) =>
      candidate(hotkey, { latencyUsPerWork: 1_000_000 + i }),
    )
    const counts = spread(input(four))
    // The best of two of four: 1/2, 1/3, 1/6, never the slowest.
    assert.ok(Math.abs(counts.get('a')! - 200) < 45)
    assert.ok(Math.abs(counts.get('b')! - 133) < 45)
    assert.ok(Math.abs(counts.get('c')! - 67) < 35)
    assert.ok(!counts.has('d'))
  })

  it('explores Bronze and provers without fresh measurements with 5 %', () => {
    const best = candidate('best', { tier: 'challenger' })
    const slow = candidate('slow', { tier: 'bronze', latencyUsPerWork: 9_000_000 })
    const unknown = candidate('new', { latencyUsPerWork: null })
    const all = input([best, slow, unknown])
    const explored = [0, 49_999].flatMap((roll) =>
      [0, 999_999].map((second) => {
        const rolls = [roll, second]
        return route(all, () => rolls.shift()!)
      }),
    )
    for (const pick of explored) assert.ok(pick?.explored && pick.hotkey !== 'best')
    assert.deepEqual(new Set(explored.map((pick) => pick!.hotkey)), new Set(['slow', 'new']))
    assert.deepEqual(
      route(all, () => 50_000),
      { hotkey: 'best', explored: false },
    )
    assert.deepEqual(route(input([unknown]), dice()), { hotkey: 'new', explored: true })
  })

  it('keeps to tier limits, capacity, breakers and what was tried', () => {
    for (const tier of TIERS) {
      const used = candidate('used', { tier, usedThisInterval: TIER_REQUEST_LIMIT[tier] })
      assert.equal(route(input([used]), dice()), null)
      const left = { ...used, usedThisInterval: used.usedThisInterval - 1 }
      assert.equal(route(input([left]), dice())?.hotkey, 'used')
    }
    assert.equal(route(input([candidate('full', { inFlight: 4 })]), dice()), null)
    assert.equal(route(input([candidate('open', { breaker: 'open' })]), dice()), null)
    const half = candidate('half', { breaker: 'half_open' })
    assert.equal(route(input([half]), dice())?.hotkey, 'half')
    assert.equal(route(input([{ ...half, inFlight: 1 }]), dice()), null, 'one probe')
    assert.equal(route(input([candidate('tried')], { exclude: ['tried'] }), dice()), null)
    assert.equal(route(input([]), dice()), null)
  })

  it('gives an unproven class nothing while a matching prover is free', () => {
    const other = candidate('other', { lastResort: true, tier: 'challenger' })
    assert.deepEqual(
      [...spread(input([other, candidate('match', { queueLength: 3 })])).keys()],
      ['match'],
    )
    const full = candidate('match', { inFlight: 4 })
    assert.deepEqual([...spread(input([other, full])).keys()], ['other'])
  })

  it('never exceeds a limit, whatever the requests', () => {
    const any = fc.record({
      tier: fc.constantFrom(...TIERS),
      queueLength: fc.nat(5),
      capacity: fc.integer({ min: 1, max: 3 }),
      latencyUsPerWork: fc.option(fc.integer({ min: 1, max: 9_000_000 })),
      breaker: fc.constantFrom('closed', 'closed', 'open', 'half_open'),
      lastResort: fc.boolean(),
    })
    const limits = fc.record({
      challenger: fc.nat(9),
      grandmaster: fc.nat(7),
      gold: fc.nat(5),
      silver: fc.nat(3),
      bronze: fc.nat(2),
    })
    const rolls = fc.array(fc.integer({ min: 0, max: 999_999 }), { minLength: 90, maxLength: 90 })
    const many = fc.array(any, { maxLength: 6 })
    fc.assert(
      fc.property(
        many,
        limits,
        rolls,
        fc.array(fc.boolean()),
        (found, tierLimits, numbers, done) => {
          const grid = found.map((one, i) => candidate(`p${i}`, one))
          for (let request = 0; request < 30; request++) {
            const pick = route(input(grid, { tierLimits }), () => numbers.pop() ?? 0)
            if (pick === null) {
              const able = grid.filter(
                (c) =>
                  c.breaker === 'closed' &&
                  c.inFlight < c.capacity &&
                  c.usedThisInterval < tierLimits[c.tier],
              )
              assert.deepEqual(able, [], 'nobody is passed over')
            }
            const chosen = grid.find((c) => c.hotkey === pick?.hotkey)
            if (chosen === undefined) break
            chosen.usedThisInterval++
            chosen.inFlight++
            assert.ok(chosen.usedThisInterval <= tierLimits[chosen.tier])
            assert.ok(chosen.inFlight <= chosen.capacity)
            assert.notEqual(chosen.breaker, 'open')
            if (done[request]) chosen.inFlight--
          }
        },
      ),
      { seed: 11, numRuns: 300 },
    )
  })
})

describe('the breaker', () => {
  it('opens after a failure, for longer each time, and lets a probe through', () => {
    const state = (failuresInARow: number, failedMsAgo: number | null) =>
      breakerState({ failuresInARow, failedMsAgo })
    assert.equal(state(0, null), 'closed')
    assert.equal(state(0, 10), 'closed', 'a success since')
    assert.equal(state(1, 4999), 'open')
    assert.equal(state(1, 5000), 'half_open')
    assert.equal(state(2, 9999), 'open')
    assert.equal(state(2, 10_000), 'half_open')
    assert.equal(openForMs({ failuresInARow: 2, failedMsAgo: 3000 }), 7000)
    assert.equal(openForMs({ failuresInARow: 2000, failedMsAgo: 0 }), 300_000)
  })

  it('keeps nobody out for a failure from the future: the clock was set back', () => {
    const jumped = { failuresInARow: 3, failedMsAgo: -3_600_000 }
    assert.equal(breakerState(jumped), 'half_open')
    assert.equal(openForMs(jumped), 0)
  })
})

describe('deadlines', () => {
  it('are 11/5 of the certified time for the work, not below the floor, and the frames have more', () => {
    const certified = { floorMs: 10_000, certifiedUsPerWork: 31_789_143, work: 786_432 }
    assert.equal(deadlineMs(certified), 54_999)
    assert.equal(openingDeadlineMs(certified), 49_999)
    assert.equal(deadlineMs({ ...certified, floorMs: 80_000 }), 80_000)
    assert.equal(deadlineMs({ ...certified, certifiedUsPerWork: null }), 10_000)
    assert.deepEqual([0, 1, 2000, 2001].map(framesMs), [0, 1, 1, 2])
  })
})
