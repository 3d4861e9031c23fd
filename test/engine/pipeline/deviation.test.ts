import assert from 'node:assert/strict'
import { frameDeviation, stateDeviation } from '../../../engine/pipeline/deviation.js'

const step = (state: Float32Array, noiseScale = 1) => ({ state, noiseScale })
const floats = (...values: number[]) => Float32Array.from(values)

describe('How far two results are apart', () => {
  it('of states is the furthest value, in 10^-9 of the prediction and rounded up', () => {
    assert.equal(stateDeviation(step(floats(1, -2)), floats(1, -2)), 0)
    assert.equal(stateDeviation(step(floats(1, -2, 0)), floats(1.5, -2.25, 0)), 500_000_000)
    assert.equal(stateDeviation(step(floats(1), 4), floats(3)), 500_000_000)
    assert.equal(stateDeviation(step(floats(0)), floats(2 ** -40)), 1)
    assert.equal(stateDeviation(step(floats()), floats()), 0)
  })

  it('of states is further than any tolerance where there is no distance', () => {
    for (const [a, b] of [
      [floats(1, Number.NaN, 1), floats(1, 1, 1)],
      [floats(1, Number.NaN, 9), floats(1, Number.NaN, 1)],
      [floats(Number.POSITIVE_INFINITY), floats(Number.POSITIVE_INFINITY)],
      [floats(1), floats(1, 1)],
    ] as const) {
      assert.equal(stateDeviation(step(a), b), Number.MAX_SAFE_INTEGER)
    }
  })

  it('of frames is the furthest byte', () => {
    assert.equal(frameDeviation(Uint8Array.of(1, 255), Uint8Array.of(1, 255)), 0)
    assert.equal(frameDeviation(Uint8Array.of(0, 10, 9), Uint8Array.of(255, 11, 9)), 255)
    assert.equal(frameDeviation(Uint8Array.of(1), Uint8Array.of(1, 2)), Number.MAX_SAFE_INTEGER)
  })
})
