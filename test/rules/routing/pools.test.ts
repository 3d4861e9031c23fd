import assert from 'node:assert/strict'
import fc from 'fast-check'
import { DueTimes } from '../../../rules/routing/due-times.js'
import { RoutePool } from '../../../rules/routing/route-pool.js'

const RUNS = { seed: 20261129, numRuns: 200 }
/** More than one block, and values that often are the same. */
const place = fc.nat({ max: 150 })
const value = fc.oneof(fc.nat({ max: 6 }), fc.nat({ max: 1000 }))

describe('what the router looks places up by', () => {
  it('knows who is near the soonest, and their weights, whatever changed before', () => {
    const change = fc.record({ place, completion: fc.option(value), weight: value })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
        const pool = new RoutePool()
        const all = new Map<number, { completion: number; weight: number }>()
        for (const { place, completion, weight } of changes) {
          pool.set(place, completion, weight + 1)
          if (completion === null) all.delete(place)
          else all.set(place, { completion, weight: weight + 1 })
          const soonest = Math.min(...[...all.values()].map((each) => each.completion))
          const near = [...all]
            .filter(([, each]) => each.completion <= Math.floor((soonest * 5) / 4))
            .sort(([a], [b]) => a - b)
          assert.deepEqual(
            pool.near(),
            near.map(([at]) => at),
          )
          assert.equal(pool.isEmpty, all.size === 0)
          if (all.size === 0) continue
          // As high as it goes: the last try is among the near ones, the last of which ends their weights.
          const asked: number[] = []
          const last = pool.draw((below) => {
            asked.push(below)
            return below - 1
          })
          assert.ok(near.some(([at]) => at === last))
          const weights = (some: typeof near) =>
            some.reduce((sum, [, each]) => sum + each.weight, 0)
          assert.equal(asked[0], weights([...all]))
          if (asked.length > 8) assert.equal(asked.at(-1), weights(near))
        }
      }),
      RUNS,
    )
  })

  it('knows whose time has come, and whose comes next, whatever changed before', () => {
    const change = fc.record({ place, ms: fc.option(value) })
    fc.assert(
      fc.property(fc.array(change, { maxLength: 400 }), value, (changes, nowMs) => {
        const times = new DueTimes()
        const all = new Map<number, number>()
        for (const { place, ms } of changes) {
          times.set(place, ms ?? Number.POSITIVE_INFINITY)
          if (ms === null) all.delete(place)
          else all.set(place, ms)
          assert.equal(times.soonest(), Math.min(...all.values()))
        }
        const due = [...all].filter(([, ms]) => ms <= nowMs).map(([at]) => at)
        assert.deepEqual(
          times.due(nowMs),
          due.sort((a, b) => a - b),
        )
      }),
      RUNS,
    )
  })
})
