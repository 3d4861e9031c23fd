import assert from 'node:assert/strict'
import fc from 'fast-check'
import { maxUpscale, withinMaxShare } from '../../chain/max-upscale.js'

const u16s = fc.array(fc.nat(65535), { maxLength: 20 })

describe('max-upscale', () => {
  it('stores what the real runtime stored (read back from Subtensor, spec 218)', () => {
    assert.deepEqual(maxUpscale([3, 1]), [65535, 21845])
    assert.deepEqual(maxUpscale([100, 200, 150]), [32768, 65535, 49151])
    assert.deepEqual(maxUpscale([65535, 32768, 100]), [65535, 32768, 100])
  })

  it('leaves nothing, and zeros, as they are', () => {
    assert.deepEqual(maxUpscale([]), [])
    assert.deepEqual(maxUpscale([0, 0]), [0, 0])
  })

  it('makes the largest 65535, keeps the order, and changes nothing a second time', () => {
    fc.assert(
      fc.property(u16s, (values) => {
        const scaled = maxUpscale(values)
        if (values.some((v) => v > 0)) assert.equal(Math.max(...scaled), 65535)
        for (const [i, a] of values.entries()) {
          for (const [j, b] of values.entries()) {
            if (a <= b) assert.ok(scaled[i]! <= scaled[j]!, `${a} <= ${b}`)
          }
        }
        assert.deepEqual(maxUpscale(scaled), scaled)
      }),
      { seed: 3 },
    )
  })

  it('measures the largest share of the sum', () => {
    assert.equal(withinMaxShare([2, 1], 65535), true)
    assert.equal(withinMaxShare([1, 1], 32768), true)
    assert.equal(withinMaxShare([1, 1], 32767), false)
    assert.equal(withinMaxShare([0, 0], 1), true)
  })
})
