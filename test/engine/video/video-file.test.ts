import assert from 'node:assert/strict'
import { setTimeout } from 'node:timers/promises'
import { decode } from 'fast-png'
import { EngineError } from '../../../engine/errors.js'
import type { Video } from '../../../engine/video/mp4.js'
import { encodeVideo, videoFormatOf } from '../../../engine/video/video-file.js'

/** A bright square that moves, 72 wide and 88 high: odd multiples of 8, no multiples of 16. */
const VIDEO: Video = {
  width: 72,
  height: 88,
  fps: 8,
  frames: Array.from({ length: 6 }, (_, k) => {
    const rgb = new Uint8Array(72 * 88 * 3).fill(20)
    for (let y = 10; y < 30; y++) rgb.fill(230, 3 * (y * 72 + 5 * k), 3 * (y * 72 + 5 * k + 20))
    return rgb
  }),
}

/** The body of the first box found by this path. */
function box(bytes: Buffer, ...types: string[]): Buffer {
  const [type, ...rest] = types
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    if (bytes.toString('latin1', at + 4, at + 8) === type) {
      const body = bytes.subarray(at + 8, at + bytes.readUInt32BE(at))
      return rest.length === 0 ? body : box(body, ...rest)
    }
  }
  assert.fail(`no box ${type}`)
}

function topLevel(bytes: Buffer): string[] {
  const types: string[] = []
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at)) {
    types.push(bytes.toString('latin1', at + 4, at + 8))
  }
  return types
}

describe('encodeVideo', () => {
  it('makes an MP4 of H.264 Baseline with all frames, at its size and rate', async () => {
    const mp4 = Buffer.from(await encodeVideo('mp4', VIDEO))
    const table = ['moov', 'trak', 'mdia', 'minf', 'stbl']
    const entry = box(mp4, ...table, 'stsd').subarray(8)
    assert.equal(entry.toString('latin1', 4, 8), 'avc1')
    assert.deepEqual([entry.readUInt16BE(32), entry.readUInt16BE(34)], [72, 88])
    const avcC = box(entry.subarray(86), 'avcC')
    assert.equal(avcC[1], 66, 'profile')
    assert.equal(box(mp4, ...table, 'stsz').readUInt32BE(8), 6, 'samples')
    const times = box(mp4, ...table, 'stts')
    const timescale = box(mp4, 'moov', 'trak', 'mdia', 'mdhd').readUInt32BE(12)
    assert.deepEqual([times.readUInt32BE(8), times.readUInt32BE(12) * 8], [6, timescale])
    assert.ok(box(mp4, 'mdat').length > 500)
  })

  it('makes an MP4 that plays while it loads: its index first, its chunks where that says', async () => {
    const frames = Array.from({ length: 40 }, (_, k) => VIDEO.frames[k % 6]!)
    const mp4 = Buffer.from(await encodeVideo('mp4', { ...VIDEO, frames }))
    assert.deepEqual(topLevel(mp4), ['ftyp', 'moov', 'mdat'])
    const table = ['moov', 'trak', 'mdia', 'minf', 'stbl']
    const chunks = box(mp4, ...table, 'stco')
    const count = chunks.readUInt32BE(4)
    assert.ok(count > 1, 'a video of several chunks')
    const offsets = Array.from({ length: count }, (_, i) => chunks.readUInt32BE(8 + 4 * i))
    const samples = box(mp4, 'mdat')
    assert.equal(offsets[0], samples.byteOffset - mp4.byteOffset)
    for (const at of offsets) {
      // Each sample begins with its first unit's length and type; 5 is a key frame, 7 its parameters.
      assert.ok([5, 7].includes(mp4[at + 4]! & 31), `chunk at ${at}: unit ${mp4[at + 4]}`)
    }
  })

  it('gives equal frames equal bytes, whenever they are encoded', async () => {
    const first = await encodeVideo('mp4', VIDEO)
    await setTimeout(1100) // The container's times are in seconds.
    assert.deepEqual(await encodeVideo('mp4', VIDEO), first)
  })

  it("leaves the process's handlers of uncaught errors alone", async () => {
    const count = () =>
      process.listenerCount('uncaughtException') + process.listenerCount('unhandledRejection')
    const before = count()
    await encodeVideo('mp4', VIDEO)
    assert.equal(count(), before)
  })

  it('says so when a size has no MP4', async () => {
    const odd = { ...VIDEO, width: 3, height: 3, frames: [new Uint8Array(27)] }
    await assert.rejects(
      encodeVideo('mp4', odd),
      (error) => error instanceof EngineError && error.code === 'encode_failed',
    )
  })

  it('makes a contact sheet, four in a row, small frames twice as large', async () => {
    const png = decode(await encodeVideo('png', VIDEO))
    assert.deepEqual([png.width, png.height], [4 * (144 + 4) + 4, 2 * (176 + 4) + 4])
    const at = (x: number, y: number) => png.data[3 * (y * png.width + x)]
    assert.equal(at(0, 0), 48)
    assert.equal(at(4, 4), 20)
    assert.equal(at(4 + 2 * 19, 4 + 2 * 10), 230)
    assert.equal(at(4 + 148 + 2 * 24, 4 + 2 * 10 + 1), 230)
  })

  it('writes the bytes of all frames in order', async () => {
    const rgb = await encodeVideo('rgb', VIDEO)
    assert.deepEqual(Buffer.from(rgb), Buffer.concat(VIDEO.frames))
  })

  it("goes by the file's ending", () => {
    assert.deepEqual(['a.mp4', 'b/c.PNG', './x.y.rgb'].map(videoFormatOf), ['mp4', 'png', 'rgb'])
    for (const name of ['a.gif', 'mp4', '']) assert.throws(() => videoFormatOf(name), EngineError)
  })
})
