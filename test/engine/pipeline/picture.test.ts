import assert from 'node:assert/strict'
import { pictureOf } from '../../../engine/pipeline/picture.js'

const f = Math.fround

/** 255·v rounded half to even and clamped, said in full. */
function byteOf(decoded: number): number {
  const v = f(decoded * 0.5 + 0.5)
  if (!(v > 0)) return 0
  if (v >= 1) return 255
  const floor = Math.floor(255 * v)
  const rest = 255 * v - floor
  if (rest === 0.5) return floor + (floor & 1)
  return rest > 0.5 ? floor + 1 : floor
}

/** One pixel a value, the same in all three planes. */
function bytesOf(values: readonly number[]): number[] {
  const pixels = values.length
  const planes = Float32Array.from([...values, ...values, ...values])
  const rgb = pictureOf(planes, { start: 0, stride: pixels, pixels })
  const red = values.map((_, i) => rgb[3 * i]!)
  for (const [i, byte] of red.entries()) {
    assert.deepEqual([rgb[3 * i + 1], rgb[3 * i + 2]], [byte, byte])
  }
  return red
}

describe('A picture', () => {
  it('has its values rounded half to even and clamped', () => {
    const [nan, infinity] = [Number.NaN, Number.POSITIVE_INFINITY]
    assert.deepEqual(
      bytesOf([-1, 1, -1.1, 7, -infinity, infinity, nan, -0, 0]),
      // The middle is the one value that lies between two bytes: 127.5.
      [0, 255, 0, 255, 0, 255, 0, 128, 128],
    )
    const values: number[] = []
    for (let byte = 0; byte < 255; byte++) {
      // Either side of where the byte changes.
      const edge = (2 * (byte + 0.5)) / 255 - 1
      for (let ulp = -3; ulp <= 3; ulp++) values.push(f(edge * (1 + ulp * 2 ** -23)))
    }
    for (let i = 0; i < 100_000; i++) values.push(f(Math.sin(i * 12.9898) * 1.1))
    assert.deepEqual(
      bytesOf(values),
      values.map((value) => byteOf(value)),
    )
  })

  it('is read from its own place among planes of several pictures', () => {
    // Two pictures of two pixels: R, R, G, G, B, B.
    const planes = Float32Array.from([-1, -1, 1, 1, -1, 1, 0, 1, 1, 1, -1, 1])
    const second = pictureOf(planes, { start: 2, stride: 4, pixels: 2 })
    assert.deepEqual([...second], [255, 128, 0, 255, 255, 255])
  })
})
