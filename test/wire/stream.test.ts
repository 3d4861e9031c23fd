import assert from 'node:assert/strict'
import fc from 'fast-check'
import { WireError } from '../../wire/error.js'
import {
  decodeRecords,
  encodeRecord,
  RecordDecoder,
  type StreamLimits,
  type StreamRecord,
} from '../../wire/stream.js'

const LIMITS: StreamLimits = { maxBodyBytes: 1 << 16, maxTotalBytes: 1 << 22 }
const RUNS = { seed: 3, numRuns: 300 }

async function* chunked(bytes: Uint8Array, sizes: number[]): AsyncGenerator<Uint8Array> {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes.length === 0 ? bytes.length : sizes[i % sizes.length]!
    yield bytes.subarray(at, at + size)
    at += size
  }
}

async function decode(bytes: Uint8Array, sizes: number[] = [], limits = LIMITS) {
  const records: StreamRecord[] = []
  for await (const record of decodeRecords(chunked(bytes, sizes), limits)) records.push(record)
  return records
}

const codeOf = (code: string) => (error: unknown) =>
  error instanceof WireError && error.code === code

/** A record's prefix with lengths that are not those of what follows. */
function prefix(header: number, body: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32LE(header, 0)
  bytes.writeUInt32LE(body, 4)
  return bytes
}

describe('record stream', () => {
  it('has the bytes of the format', () => {
    const record = encodeRecord({ type: 'frame', index: 1 }, Uint8Array.of(7, 8))
    assert.equal(
      record.toString('hex'),
      `1a00000002000000${Buffer.from('{"type":"frame","index":1}').toString('hex')}0708`,
    )
  })

  it('decodes what it encoded, in any chunking', async () => {
    const header = fc
      .record({ type: fc.string(), extra: fc.jsonValue() })
      .map((h) => JSON.parse(JSON.stringify(h)) as StreamRecord['header'])
    const records = fc.array(fc.record({ header, body: fc.uint8Array({ maxLength: 300 }) }))
    const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(records, sizes, async (sent, chunks) => {
        const bytes = Buffer.concat(sent.map((r) => encodeRecord(r.header, r.body)))
        const got = await decode(bytes, chunks)
        assert.deepEqual(
          got.map((r) => ({ header: r.header, body: Uint8Array.from(r.body) })),
          sent.map((r) => ({ header: r.header, body: Uint8Array.from(r.body) })),
        )
      }),
      RUNS,
    )
  })

  it('copies no body that came within one chunk', () => {
    const body = Buffer.from('a frame')
    const chunk = encodeRecord({ type: 'x' }, body)
    const [whole] = new RecordDecoder(LIMITS).read(chunk)
    assert.deepEqual(whole!.body, body)
    assert.equal(whole!.body.buffer, chunk.buffer)
    const decoder = new RecordDecoder(LIMITS)
    assert.deepEqual([...decoder.read(chunk.subarray(0, -3))], [])
    const [cut] = decoder.read(chunk.subarray(-3))
    assert.deepEqual(cut!.body, body)
    decoder.end()
  })

  it('ends or throws a WireError on any bytes', async () => {
    const noise = fc.uint8Array({ maxLength: 2000 })
    const nearly = fc
      .tuple(fc.nat(80), fc.nat(80), fc.uint8Array({ maxLength: 200 }))
      .map(([h, b, rest]) => Buffer.concat([prefix(h, b), rest]))
    const mutated = fc.tuple(fc.nat(200), fc.nat(255)).map(([at, value]) => {
      const bytes = Buffer.concat([
        encodeRecord({ type: 'progress', step: 1, steps: 2 }),
        encodeRecord({ type: 'frame', index: 1 }, Buffer.alloc(100, 9)),
      ])
      bytes[at % bytes.length] = value
      return bytes
    })
    const sizes = fc.array(fc.integer({ min: 1, max: 64 }), { maxLength: 4 })
    await fc.assert(
      fc.asyncProperty(fc.oneof(noise, nearly, mutated), sizes, async (bytes, chunks) => {
        try {
          await decode(bytes, chunks)
        } catch (error) {
          assert.ok(error instanceof WireError, String(error))
        }
      }),
      { seed: 5, numRuns: 3000 },
    )
  })

  it('detects a truncated stream at every byte', async () => {
    const bytes = encodeRecord({ type: 'frame', index: 1 }, Buffer.from('abc'))
    for (let length = 1; length < bytes.length; length++) {
      await assert.rejects(
        decode(bytes.subarray(0, length)),
        codeOf('stream_truncated'),
        `${length}`,
      )
    }
    assert.deepEqual(await decode(new Uint8Array(0)), [])
  })

  it('refuses announced sizes above their caps before the bytes come', async () => {
    await assert.rejects(decode(prefix(65_537, 0)), codeOf('stream_oversized'))
    await assert.rejects(decode(prefix(2, LIMITS.maxBodyBytes + 1)), codeOf('stream_oversized'))
    await assert.rejects(decode(prefix(0xffffffff, 0xffffffff)), codeOf('stream_oversized'))
    const many = Buffer.concat(Array.from({ length: 50 }, () => encodeRecord({ type: 'x' })))
    const small = { ...LIMITS, maxTotalBytes: 200 }
    await assert.rejects(decode(many, [10], small), codeOf('stream_oversized'))
    assert.throws(
      () => encodeRecord({ type: 'x', text: 'a'.repeat(65_536) }),
      codeOf('stream_oversized'),
    )
  })

  it('refuses headers that are no JSON object with a type', async () => {
    const texts = ['', '{', '[]', 'null', '3', '"x"', '{}', '{"type":3}', '{"type":null}']
    for (const text of texts) {
      const bytes = Buffer.concat([prefix(text.length, 0), Buffer.from(text)])
      await assert.rejects(decode(bytes), codeOf('stream_malformed'), text)
    }
    const evil = Buffer.from('\u001b[2J\r\n"\u009b31m')
    await assert.rejects(
      decode(Buffer.concat([prefix(evil.length, 0), evil])),
      (error) => error instanceof WireError && !/\p{C}/u.test(error.message),
    )
    const badUtf8 = Buffer.concat([
      prefix(11, 0),
      Buffer.from('{"type":"'),
      Buffer.from([0xff, 0x22]),
    ])
    await assert.rejects(decode(badUtf8), codeOf('stream_malformed'))
  })

  it('passes on what the source throws', async () => {
    const source = (async function* () {
      yield encodeRecord({ type: 'x' })
      throw new Error('the line broke')
    })()
    const read = decodeRecords(source, LIMITS)
    assert.equal((await read.next()).done, false)
    await assert.rejects(read.next(), /the line broke/)
  })
})
