import assert from 'node:assert/strict'
import { BlockNow } from '../../../workers/inference/block-now.js'
import { SILENT } from '../../chain/local-harness.js'
import { until } from '../../support/until.js'

describe('the newest block of an inference worker', () => {
  it('goes on by the clock while the chain is away', async () => {
    let head = 100
    let away = false
    let now = 0
    const chain = {
      blockSeconds: 12,
      head: async () => {
        if (away) throw new Error('away')
        return { number: head, hash: '00' }
      },
    }
    const blocks = await BlockNow.start(chain, SILENT, () => now)
    try {
      assert.equal(blocks.get(), 100)
      away = true
      now = 59_000
      assert.equal(blocks.get(), 100, 'a moment’s silence is none')
      now = 12 * 3_600_000
      assert.equal(blocks.get(), 100 + 3_600)
    } finally {
      blocks.stop()
    }
    head = 200
    away = false
    const quick = await BlockNow.start({ ...chain, blockSeconds: 0.2 }, SILENT, () => now)
    try {
      head = 201
      await until('the next poll', () => quick.get() === 201)
    } finally {
      quick.stop()
    }
  })
})
