import assert from 'node:assert/strict'
import fc from 'fast-check'
import {
  ATTEMPT_WAIT_MS,
  BACKOFF_429_MS,
  MEASUREMENT_FRESH_MS,
  PAUSE_MAX_MS,
  TIER_REQUEST_LIMIT,
} from '../../../rules/constants.js'
import { breakerState, openForMs } from '../../../rules/routing/breaker.js'
import { deadlineMs, framesMs, openingDeadlineMs } from '../../../rules/routing/deadlines.js'
import type { OpenRequest, RouteFacts } from '../../../rules/routing/route-facts.js'
import { RouteTable } from '../../../rules/routing/route-table.js'
import { TIERS, type Tier } from '../../../rules/tiers.js'

const NOW = { ms: 1_000_000_000, range: 7 }
const CERTIFIED = 1_000_000

/** So many requests under way. */
function open(count: number): OpenRequest[] {
  return Array.from({ length: count }, () => ({ askedMs: NOW.ms, untilMs: NOW.ms + 60_000 }))
}

function facts(hotkey: string, more: Partial<RouteFacts> = {}): RouteFacts {
  return {
    hotkey,
    tier: 'gold',
    gpus: 1,
    provenPpm: null,
    blockRange: NOW.range,
    used: 0,
    openRequests: [],
    usPerWork: CERTIFIED,
    measuredMs: NOW.ms,
    certifiedUsPerWork: CERTIFIED,
    failuresInARow: 0,
    failedMs: null,
    passedSinceCheat: null,
    refusedUntilMs: null,
    pausedUntilMs: null,
    ...more,
  }
}

function table(
  provers: readonly RouteFacts[],
  {
    now = NOW,
    limits = TIER_REQUEST_LIMIT,
  }: { now?: typeof NOW; limits?: Record<Tier, number> } = {},
): RouteTable {
  const made = new RouteTable(limits)
  made.advance(now)
  for (const prover of provers) made.set(prover)
  return made
}

/** Numbers from a seed. */
function dice(seed = 1): (below: number) => number {
  let x = seed
  return (below) => {
    x = (x * 48271) % 2147483647
    return Math.floor((x / 2147483647) * below)
  }
}

/** Whom so many requests go to that are over at once; none explores. */
function spread(provers: readonly RouteFacts[], requests = 10_000): Record<string, number> {
  const asked = table(provers)
  const roll = dice()
  const counts: Record<string, number> = {}
  for (let i = 0; i < requests; i++) {
    const { hotkey } = asked.pick([], (below) => (below === 1_000_000 ? 999_999 : roll(below)))
    counts[hotkey ?? 'nobody'] = (counts[hotkey ?? 'nobody'] ?? 0) + 1
  }
  return counts
}

/** Four standard deviations of so many draws with this chance. */
function assertShare(count: number | undefined, draws: number, chance: number, what = ''): void {
  const within = 4 * Math.sqrt(draws * chance * (1 - chance))
  assert.ok(
    Math.abs((count ?? 0) - draws * chance) <= within,
    `${what}: ${count} of ${draws}, not ${draws * chance}`,
  )
}

describe('routing', () => {
  it('gives equals equal shares', () => {
    for (const count of [2, 5, 100, 300]) {
      const counts = spread(Array.from({ length: count }, (_, i) => facts(`p${i}`)))
      assert.equal(Object.keys(counts).length, count)
      for (const [hotkey, got] of Object.entries(counts)) {
        assertShare(got, 10_000, 1 / count, `${hotkey} of ${count}`)
      }
    }
  })

  it('gives skipped work no traffic: nobody counts as faster than the certified time', () => {
    const cheat = facts('cheat', { usPerWork: CERTIFIED / 5 })
    const honest = ['a', 'b', 'c', 'd'].map((hotkey) =>
      facts(hotkey, { usPerWork: 1.2 * CERTIFIED }),
    )
    assertShare(spread([cheat, ...honest]).cheat, 10_000, 1 / 5)
  })

  it('names all among whom it would draw, and nobody else', () => {
    const provers = [
      facts('free'),
      facts('near', { usPerWork: 1.25 * CERTIFIED }),
      facts('slow', { usPerWork: 1.3 * CERTIFIED }),
      facts('at work', { openRequests: open(1) }),
      facts('paused', { pausedUntilMs: NOW.ms + 500 }),
      facts('refused', { refusedUntilMs: NOW.ms + 5_000 }),
      facts('caught', { passedSinceCheat: 0 }),
      facts('new', { usPerWork: null, measuredMs: null }),
      facts('bronze', { tier: 'bronze', usPerWork: 2 * CERTIFIED }),
    ]
    const asked = table(provers)
    const among = (of: RouteTable, drawn = 999_999) => of.among(() => drawn)
    assert.deepEqual(among(asked), { hotkeys: ['free', 'near'], waitMs: null })
    assert.deepEqual(among(asked, 0), { hotkeys: ['new', 'bronze'], waitMs: null })
    const drawn = new Set(Object.keys(spread(provers)))
    assert.deepEqual(drawn, new Set(['free', 'near']))
    // How long a user would wait where nobody is free; not at all for a last resort, nor for an empty network.
    const busy = facts('busy', { openRequests: open(2) })
    const paused = facts('paused', { pausedUntilMs: NOW.ms + 500 })
    const caught = facts('caught', { passedSinceCheat: 0 })
    const waits = (...of: RouteFacts[]) => among(table(of)).waitMs
    assert.equal(waits(busy, paused), 500)
    assert.equal(waits(busy), ATTEMPT_WAIT_MS)
    assert.equal(waits(facts('refused', { refusedUntilMs: NOW.ms + 9_000 })), ATTEMPT_WAIT_MS)
    assert.equal(waits(caught), null)
    assert.equal(waits(caught, paused), 500)
    assert.equal(waits(), null)
  })

  it('draws by free capacity and tier factor', () => {
    // 4 − 1 requests free of two GPUs, 2 of one; both have a GPU that waits.
    const free = spread([facts('two', { gpus: 2, openRequests: open(1) }), facts('one')])
    assertShare(free.two, 10_000, 3 / 5)
    const tiers = spread([
      facts('challenger', { tier: 'challenger' }),
      facts('bronze', { tier: 'bronze' }),
    ])
    assertShare(tiers.challenger, 10_000, 100 / 145)
    // It says four GPUs and has proven one.
    const proven = spread([facts('says', { gpus: 4, provenPpm: 1_000_000 }), facts('has')])
    assertShare(proven.says, 10_000, 1 / 2)
    const nothing = facts('nothing', { provenPpm: 0 })
    assert.ok((spread([nothing, facts('has')]).nothing ?? 0) < 5)
    assert.deepEqual(spread([nothing]), { nothing: 10_000 }, 'rather than nobody')
  })

  it('takes those within 1.25 of the soonest', () => {
    const slow = (usPerWork: number) => spread([facts('fast'), facts('slow', { usPerWork })])
    assertShare(slow(1_250_000).slow, 10_000, 1 / 2)
    assert.deepEqual(slow(1_250_001), { fast: 10_000 })
  })

  it('counts what is before a request on each GPU', () => {
    const busy = (more: Partial<RouteFacts>) =>
      spread([facts('idle', { usPerWork: 1_900_000 }), facts('busy', more)])
    assert.deepEqual(busy({}), { busy: 10_000 })
    assert.ok('idle' in busy({ openRequests: open(1) }))
    assert.deepEqual(busy({ gpus: 2, openRequests: open(1) }), { busy: 10_000 }, 'one GPU waits')
    assert.deepEqual(busy({ gpus: 2, openRequests: open(4) }), { idle: 10_000 }, 'no room')
    const late = [{ askedMs: NOW.ms - 60_000, untilMs: NOW.ms }]
    assert.deepEqual(busy({ openRequests: late }), { busy: 10_000 }, 'its deadline is over')
    const jumped = [{ askedMs: NOW.ms + 3_600_000, untilMs: NOW.ms + 3_660_000 }]
    assert.deepEqual(busy({ openRequests: jumped }), { busy: 10_000 }, 'the clock was set back')
  })

  it('explores Bronze and provers without fresh measurements with 5 %', () => {
    const best = facts('best', { tier: 'challenger' })
    const bronze = facts('bronze', { tier: 'bronze', usPerWork: 9 * CERTIFIED })
    const fresh = facts('new', { usPerWork: null, measuredMs: null })
    const stale = facts('stale', { measuredMs: NOW.ms - MEASUREMENT_FRESH_MS })
    const all = table([best, bronze, fresh, stale])
    const counts: Record<string, number> = {}
    const roll = dice(3)
    for (let i = 0; i < 10_000; i++) {
      const { hotkey } = all.pick([], roll)
      counts[hotkey!] = (counts[hotkey!] ?? 0) + 1
    }
    for (const hotkey of ['bronze', 'new', 'stale']) {
      assertShare(counts[hotkey], 10_000, 0.05 / 3, hotkey)
    }
    assert.deepEqual(
      all.pick([], (below) => (below === 1_000_000 ? 50_000 : 0)),
      { hotkey: 'best', explored: false },
    )
    assert.deepEqual(table([fresh]).pick([], roll), { hotkey: 'new', explored: true })
  })

  it('keeps to tier limits, two requests a GPU, breakers and what was tried', () => {
    const chosen = (prover: RouteFacts, exclude: string[] = []) =>
      table([prover]).pick(exclude, dice()).hotkey
    for (const tier of TIERS) {
      const used = facts('used', { tier, used: TIER_REQUEST_LIMIT[tier] })
      assert.equal(chosen(used), null)
      assert.equal(chosen({ ...used, used: used.used - 1 }), 'used')
      assert.equal(
        chosen({ ...used, blockRange: NOW.range - 1 }),
        'used',
        'another range of blocks',
      )
    }
    assert.equal(chosen(facts('full', { openRequests: open(2) })), null)
    assert.equal(chosen(facts('room', { gpus: 2, openRequests: open(3) })), 'room')
    const failed = (failedMs: number) => ({ failuresInARow: 1, failedMs })
    assert.equal(chosen(facts('open', failed(NOW.ms - 4_999))), null)
    const half = facts('half', failed(NOW.ms - 5_000))
    assert.equal(chosen(half), 'half')
    assert.equal(chosen({ ...half, openRequests: open(1) }), null, 'one probe')
    assert.equal(chosen(facts('tried'), ['tried', 'unknown']), null)
    assert.deepEqual(table([]).pick([], dice()), { hotkey: null, freeInMs: null })
  })

  it('gives an unproven class and a caught prover nothing while a matching one is free', () => {
    const best = { tier: 'challenger', usPerWork: 1 } as const
    for (const last of [{ certifiedUsPerWork: null }, { passedSinceCheat: 4 }]) {
      const other = facts('other', { ...best, ...last })
      const match = facts('match', { usPerWork: 9 * CERTIFIED, openRequests: open(1) })
      assert.deepEqual(spread([other, match]), { match: 10_000 })
      assert.deepEqual(spread([other, facts('match', { openRequests: open(2) })]), {
        other: 10_000,
      })
    }
    assert.ok('back' in spread([facts('back', { passedSinceCheat: 5 }), facts('match')]))
  })

  it('leaves alone who refused, and for a moment whose request ended', () => {
    const refused = facts('p', { refusedUntilMs: NOW.ms + 7_000 })
    const paused = facts('q', { pausedUntilMs: NOW.ms + 300 })
    assert.deepEqual(spread([refused, paused, facts('r')]), { r: 10_000 })
    const none = (provers: RouteFacts[]) => table(provers).pick([], dice())
    assert.deepEqual(none([refused]), { hotkey: null, freeInMs: 7_000 })
    assert.deepEqual(none([refused, paused]), { hotkey: null, freeInMs: 300 })
    assert.deepEqual(none([{ ...refused, pausedUntilMs: NOW.ms + 500 }]), {
      hotkey: null,
      freeInMs: 7_000,
    })
    const full = { openRequests: open(2) }
    assert.deepEqual(none([facts('full', full)]), { hotkey: null, freeInMs: null })
    assert.deepEqual(table([refused]).pick(['p'], dice()), { hotkey: null, freeInMs: null })
    const caught = facts('caught', { passedSinceCheat: 0 })
    assert.equal(none([caught, paused]).hotkey, null, 'an honest one is back in a moment')
    assert.equal(none([caught, refused]).hotkey, 'caught', 'one that refused is not free')
    for (const jumped of [
      { refusedUntilMs: NOW.ms + BACKOFF_429_MS + 1 },
      { pausedUntilMs: NOW.ms + PAUSE_MAX_MS + 1 },
    ]) {
      assert.equal(none([facts('p', jumped)]).hotkey, 'p', 'from before the clock was set back')
    }
  })

  it('knows what time alone changes', () => {
    const one = table([
      facts('p', { pausedUntilMs: NOW.ms + 300, openRequests: open(1), used: 14_000 }),
    ])
    const at = (ms: number, range = NOW.range) => {
      one.advance({ ms: NOW.ms + ms, range })
      return one.pick([], dice()).hotkey
    }
    assert.equal(at(1_000), null, 'its limit is reached')
    assert.equal(at(0, 8), null, 'it is left alone')
    assert.equal(at(299, 8), null)
    assert.equal(at(300, 8), 'p')
    one.set(facts('p', { openRequests: open(2) }))
    assert.equal(at(59_999), null, 'it is full')
    assert.equal(at(60_000), 'p', 'until their deadlines')
    one.set(facts('p', { failuresInARow: 1, failedMs: NOW.ms + 60_000 }))
    assert.equal(at(64_999), null)
    assert.equal(at(65_000), 'p')
    one.delete('p')
    assert.equal(at(65_000), null)
  })

  it('never exceeds a limit, and passes nobody over, whatever the requests', () => {
    const any = fc.record({
      tier: fc.constantFrom(...TIERS),
      gpus: fc.integer({ min: 1, max: 3 }),
      provenPpm: fc.option(fc.integer({ min: 0, max: 4_000_000 })),
      usPerWork: fc.option(fc.integer({ min: 1, max: 9_000_000 })),
      certifiedUsPerWork: fc.constantFrom(null, CERTIFIED),
      failuresInARow: fc.constantFrom(0, 0, 1),
      passedSinceCheat: fc.constantFrom(null, null, 2),
      pausedUntilMs: fc.constantFrom(null, null, NOW.ms + 100),
    })
    const limits = fc.record({
      challenger: fc.nat(9),
      grandmaster: fc.nat(7),
      gold: fc.nat(5),
      silver: fc.nat(3),
      bronze: fc.nat(2),
    })
    const many = fc.array(any, { maxLength: 150 })
    const run = (found: Partial<RouteFacts>[], tierLimits: Record<Tier, number>, seed: number) => {
      const grid = found.map((one, i) => facts(`p${i}`, { ...one, failedMs: NOW.ms }))
      const routes = table(grid, { limits: tierLimits })
      const roll = dice(seed)
      for (let request = 0; request < 60; request++) {
        const { hotkey } = routes.pick([], roll)
        const able = grid.filter(
          (c) =>
            c.failuresInARow === 0 &&
            c.pausedUntilMs === null &&
            c.openRequests.length < 2 * c.gpus &&
            c.used < tierLimits[c.tier],
        )
        if (hotkey === null) {
          const paused = grid.some((c) => c.pausedUntilMs !== null)
          assert.ok(able.length === 0 || paused, 'nobody is passed over')
          return
        }
        const i = grid.findIndex((c) => c.hotkey === hotkey)
        assert.ok(able.includes(grid[i]!), hotkey)
        const ended = request % 3 === 0
        grid[i] = {
          ...grid[i]!,
          used: grid[i]!.used + 1,
          openRequests: ended ? grid[i]!.openRequests : [...grid[i]!.openRequests, ...open(1)],
        }
        routes.set(grid[i]!)
      }
    }
    fc.assert(fc.property(many, limits, fc.integer({ min: 1, max: 1e6 }), run), {
      seed: 11,
      numRuns: 200,
    })
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
    const certified = {
      ...{ floorMs: 10_000, certifiedUsPerWork: 31_789_143, certifiedColdUs: 0 },
      work: 786_432,
    }
    assert.equal(deadlineMs(certified), 54_999)
    assert.equal(openingDeadlineMs(certified), 49_999)
    assert.equal(deadlineMs({ ...certified, floorMs: 80_000 }), 80_000)
    assert.equal(deadlineMs({ ...certified, certifiedUsPerWork: null }), 10_000)
    assert.deepEqual([0, 1, 2000, 2001].map(framesMs), [0, 1, 1, 2])
  })

  it('allow a cold start for the request and for the one ahead of it', () => {
    // 16 × 256 × 256 at 25 steps, 2.02 s of an H200; another size before it costs 2.99 s.
    const warm = { floorMs: 0, certifiedUsPerWork: 77_057, certifiedColdUs: 0, work: 26_214_400 }
    const cold = { ...warm, certifiedColdUs: 2_990_001 }
    assert.equal(deadlineMs(warm), 4_444)
    assert.equal(deadlineMs(cold), 10_424)
    assert.equal(openingDeadlineMs(cold), 10_020)
    assert.equal(deadlineMs({ ...cold, floorMs: 30_000 }), 30_000)
    // Rounded down once, of the sum.
    const odd = { ...warm, certifiedUsPerWork: 1_000_000, work: 199 }
    assert.equal(deadlineMs({ ...odd, certifiedColdUs: 281 }), 0)
    assert.equal(deadlineMs({ ...odd, certifiedColdUs: 282 }), 1)
  })
})
