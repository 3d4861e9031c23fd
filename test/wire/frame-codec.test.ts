import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { WireError } from '../../wire/error.js'
import { deflateFrame, inflateFrame } from '../../wire/frame-codec.js'
import { maxCompressedBytes } from '../../wire/limits.js'

const malformed = (error: unknown) => error instanceof WireError && error.code === 'frame_malformed'

describe('frames on the wire', () => {
  it('come back as they went, within the bound of their size', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 3, maxLength: 5000 }), async (raw) => {
        const body = await deflateFrame(raw)
        assert.ok(body.length <= maxCompressedBytes(raw.length))
        assert.deepEqual(Uint8Array.from(await inflateFrame(body, raw.length)), raw)
      }),
      { seed: 7, numRuns: 200 },
    )
  })

  it('come back and are refused alike in the size that goes to zlib’s threads', async () => {
    for (const size of [65_536, 65_537]) {
      const raw = randomBytes(size)
      const body = await deflateFrame(raw)
      assert.deepEqual(await inflateFrame(body, size), raw)
      await assert.rejects(inflateFrame(body, size - 1), malformed)
      await assert.rejects(inflateFrame(body, size + 1), malformed)
      await assert.rejects(inflateFrame(body.subarray(0, -1), size), malformed)
      await assert.rejects(inflateFrame(Buffer.concat([body, Buffer.of(0)]), size), malformed)
      await assert.rejects(inflateFrame(Buffer.alloc(100, 1), size), malformed)
    }
  })

  it('come back in sizes that zlib takes for no piece, and in several pieces', async () => {
    for (const size of [3, 48, 63, 64, 4_194_303, 4_194_304, 9_000_000]) {
      const raw = randomBytes(size)
      const body = await deflateFrame(raw)
      assert.ok((await inflateFrame(body, size)).equals(raw), `${size} bytes`)
      await assert.rejects(inflateFrame(body, size - 1), malformed, `${size} bytes`)
      await assert.rejects(inflateFrame(body, size + 1), malformed, `${size} bytes`)
    }
  })

  it('are refused when shorter, longer, cut, followed by bytes, or a bomb', async () => {
    const raw = Buffer.alloc(300, 5)
    const body = deflateSync(raw)
    await assert.rejects(inflateFrame(body, 299), malformed)
    await assert.rejects(inflateFrame(body, 301), malformed)
    await assert.rejects(inflateFrame(body.subarray(0, -1), 300), malformed)
    await assert.rejects(inflateFrame(Buffer.concat([body, Buffer.from([0])]), 300), malformed)
    await assert.rejects(inflateFrame(Buffer.concat([body, body]), 300), malformed)
    await assert.rejects(inflateFrame(new Uint8Array(0), 300), malformed)
    await assert.rejects(inflateFrame(Buffer.from('not zlib at all'), 300), malformed)
    const bomb = deflateSync(Buffer.alloc(50_000_000))
    assert.ok(bomb.length < 60_000)
    await assert.rejects(inflateFrame(bomb, 300), malformed)
  })

  it('are refused, not crashed on, for any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        await inflateFrame(bytes, 64).catch((error) => assert.ok(malformed(error)))
      }),
      { seed: 9, numRuns: 300 },
    )
  })
})
