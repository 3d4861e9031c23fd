import assert from 'node:assert/strict'
import { mapWithLimit } from '../../../base/concurrency/map-with-limit.js'

describe('mapWithLimit', () => {
  it('keeps the order of the items, and never runs more than the limit', async () => {
    let running = 0
    let most = 0
    const results = await mapWithLimit([5, 1, 4, 2, 3], 2, async (item, index) => {
      running += 1
      most = Math.max(most, running)
      for (let i = 0; i < item; i += 1) await new Promise(setImmediate)
      running -= 1
      return `${index}:${item}`
    })
    assert.deepEqual(results, ['0:5', '1:1', '2:4', '3:2', '4:3'])
    assert.equal(most, 2)
    assert.deepEqual(await mapWithLimit([], 2, async () => 1), [])
  })

  it('starts nothing more once a call has failed', async () => {
    const started: number[] = []
    const run = mapWithLimit([0, 1, 2, 3, 4], 2, async (item) => {
      started.push(item)
      await new Promise(setImmediate)
      if (item === 1) throw new Error('it failed')
    })
    await assert.rejects(run, /it failed/)
    await new Promise(setImmediate)
    assert.ok(started.length < 5, `${started}`)
  })
})
