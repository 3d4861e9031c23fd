import assert from 'node:assert/strict'
import { digestOf } from '../../../engine/pipeline/digest.js'
import { torchRandn } from '../../../engine/pipeline/randn.js'
import { goldenCases } from '../fixtures.js'

describe('torchRandn', () => {
  it("gives torch's bits for the golden seeds and sizes", () => {
    const cases = [...goldenCases('random-model/golden'), ...goldenCases('trained-golden')]
    for (const { params, initialLatentsSha256 } of cases) {
      const noise = torchRandn(params.seed, (params.frames * params.height * params.width * 4) / 64)
      assert.equal(Buffer.from(digestOf(noise)).toString('hex'), initialLatentsSha256)
    }
  })

  it('draws fewer than 16 values in double precision, as torch prints them', () => {
    const text = [...torchRandn(0, 3)].map((value) => value.toFixed(4))
    assert.deepEqual(text, ['1.5410', '-0.2934', '-2.1788'])
    assert.equal(torchRandn(0, 15).length, 15)
  })

  it('redraws the last block when the count is no multiple of 16', () => {
    const [whole, more] = [torchRandn(9, 32), torchRandn(9, 40)]
    assert.deepEqual(more.subarray(0, 24), whole.subarray(0, 24))
    assert.notDeepEqual(more.subarray(24, 32), whole.subarray(24, 32))
    assert.ok(more.every(Number.isFinite))
  })
})
