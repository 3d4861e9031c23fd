import assert from 'node:assert/strict'
import { decode } from 'fast-png'
import { encodePng, shrink } from '../../base/png.js'

function noise(width: number, height: number) {
  const rgb = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + i) % 251)
  return { width, height, rgb }
}

describe('pictures', () => {
  it('a PNG holds the very pixels', async () => {
    for (const [width, height] of [
      [1, 1],
      [3, 5],
      [64, 64],
    ] as const) {
      const picture = noise(width, height)
      const png = decode(await encodePng(picture), { checkCrc: true })
      assert.deepEqual([png.width, png.height, png.channels, png.depth], [width, height, 3, 8])
      assert.deepEqual(Uint8Array.from(png.data), picture.rgb)
    }
  })

  it('shrinks to the longer side, by means, and never enlarges', () => {
    const small = noise(64, 32)
    assert.equal(shrink(small, 256), small)
    const { width, height } = shrink(noise(512, 100), 256)
    assert.deepEqual([width, height], [256, 50])
    assert.deepEqual(shrink({ width: 900, height: 1, rgb: new Uint8Array(2700) }, 256).height, 1)
    const two = { width: 2, height: 1, rgb: Uint8Array.of(0, 10, 255, 101, 20, 255) }
    assert.deepEqual([...shrink(two, 1).rgb], [51, 15, 255])
  })
})
