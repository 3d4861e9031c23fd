import assert from 'node:assert/strict'
import { deflateSync } from 'node:zlib'
import { FramePacker } from '../../../activities/video/pack-frames.js'
import { deflateFrame, inflateFrame } from '../../../wire/frame-codec.js'

const FLAT = Buffer.alloc(64 * 64 * 3, 77)

describe('frames that are stored', () => {
  it('are what an honest prover sent, byte by byte', async () => {
    const zlib = await deflateFrame(FLAT)
    for (const isLookedAt of [true, false]) {
      const packer = new FramePacker(() => isLookedAt)
      assert.deepEqual(await packer.pack({ index: 1, rgb: FLAT, zlib }), { index: 1, zlib })
    }
  })

  it('are compressed here from the first that was found larger than it need be', async () => {
    const zlib = deflateSync(FLAT, { level: 0 })
    const looks = [false, true, false, false]
    const packer = new FramePacker(() => looks.shift()!)
    const sizes: number[] = []
    for (const index of [1, 2, 3, 4]) {
      const stored = await packer.pack({ index, rgb: FLAT, zlib })
      assert.deepEqual(await inflateFrame(stored.zlib, FLAT.length), FLAT)
      sizes.push(stored.zlib.length)
    }
    const ours = (await deflateFrame(FLAT)).length
    assert.ok(ours < zlib.length / 10)
    assert.deepEqual(sizes, [zlib.length, ours, ours, ours])
  })

  it('are looked at by chance: a prover that sends many such is found', async () => {
    const zlib = deflateSync(FLAT, { level: 0 })
    const packer = new FramePacker()
    for (let index = 1; index <= 400; index += 1) await packer.pack({ index, rgb: FLAT, zlib })
    const stored = await packer.pack({ index: 401, rgb: FLAT, zlib })
    assert.ok(stored.zlib.length < zlib.length / 10)
  })
})
