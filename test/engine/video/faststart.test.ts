import assert from 'node:assert/strict'
import { faststart } from '../../../engine/video/faststart.js'

function box(type: string, ...parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), ...parts])
  return Buffer.concat([u32(4 + body.length), body])
}

function u32(...numbers: number[]): Buffer {
  const bytes = Buffer.alloc(4 * numbers.length)
  for (const [i, n] of numbers.entries()) bytes.writeUInt32BE(n, 4 * i)
  return bytes
}

/** A track whose chunks lie at these offsets; `wide` has times and offsets of 64 bits. */
function track(offsets: readonly number[], time: number, wide: boolean): Buffer {
  const version = wide ? 0x01000000 : 0
  const times = wide ? u32(version, 0, time, 0, time, 42) : u32(version, time, time, 42)
  const table = wide
    ? box('co64', u32(0, offsets.length, ...offsets.flatMap((at) => [0, at])))
    : box('stco', u32(0, offsets.length, ...offsets))
  const minf = box('minf', box('stbl', box('stsz', u32(0, 5)), table))
  return box('trak', box('tkhd', times), box('mdia', box('mdhd', times), minf))
}

const FTYP = box('ftyp', Buffer.from('mp42'))
const SAMPLES = [Buffer.from('first chunk'), Buffer.from('2nd'), Buffer.from('another mdat')]

/** Its samples come first, in two boxes between padding; its times are `time`. */
function written(time: number, wide: boolean): Buffer {
  const data = [
    FTYP,
    box('free', Buffer.alloc(9)),
    box('mdat', SAMPLES[0]!, SAMPLES[1]!),
    box('free', Buffer.alloc(30)),
    box('mdat', SAMPLES[2]!),
  ]
  const all = Buffer.concat(data)
  const offsets = SAMPLES.map((sample) => all.indexOf(sample))
  const moov = box('moov', box('mvhd', u32(0, time, time, 7)), track(offsets, time, wide))
  return Buffer.concat([all, moov, box('free', Buffer.alloc(1))])
}

describe('faststart', () => {
  for (const wide of [false, true]) {
    it(`moves the index to the front, and its offsets with the samples (${wide ? 'co64' : 'stco'})`, () => {
      const mp4 = Buffer.from(faststart(written(1_900_000_000, wide)))
      const moved = SAMPLES.map((sample) => mp4.indexOf(sample))
      assert.ok(moved.every((at) => at > 0))
      const moov = box('moov', box('mvhd', u32(0, 0, 0, 7)), track(moved, 0, wide))
      const samples = [box('mdat', SAMPLES[0]!, SAMPLES[1]!), box('mdat', SAMPLES[2]!)]
      assert.deepEqual(mp4, Buffer.concat([FTYP, moov, ...samples]))
    })
  }

  it('leaves the given bytes alone, and a file that is in order as it is', () => {
    const given = written(1, false)
    const copy = Buffer.from(given)
    const once = faststart(given)
    assert.deepEqual(given, copy)
    assert.deepEqual(faststart(once), once)
  })

  it('says so of bytes that are no MP4, rather than write a file that does not play', () => {
    const whole = written(1, false)
    const outside = Buffer.concat([FTYP, box('moov', track([4000], 1, false))])
    for (const bytes of [Buffer.alloc(0), FTYP, whole.subarray(0, -4), Buffer.alloc(64), outside]) {
      assert.throws(() => faststart(bytes), RangeError)
    }
  })
})
