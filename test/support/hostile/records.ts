import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib'
import type { Draw } from './draw.js'
import { mutateBytes } from './mutate-bytes.js'
import { mutateJson } from './mutate-json.js'

/** A record of the stream that need not be one: its header may be any bytes, its lengths any numbers. */
export interface LooseRecord {
  header: Record<string, unknown>
  body: Buffer
  /** In place of the header's JSON. */
  text?: Buffer
  /** In place of the true lengths. */
  says?: { header?: number; body?: number }
}

/** The records of a stream that is one. */
export function looseRecords(stream: Buffer): LooseRecord[] {
  const records: LooseRecord[] = []
  for (let at = 0; at < stream.length; ) {
    const [header, body] = [stream.readUInt32LE(at), stream.readUInt32LE(at + 4)]
    const start = at + 8 + header
    records.push({
      header: JSON.parse(stream.toString('utf8', at + 8, start)),
      body: stream.subarray(start, start + body),
    })
    at = start + body
  }
  return records
}

export function encodeLoosely({ header, body, text, says = {} }: LooseRecord): Buffer {
  const json = text ?? Buffer.from(JSON.stringify(header))
  const prefix = Buffer.alloc(8)
  prefix.writeUInt32LE(says.header ?? json.length, 0)
  prefix.writeUInt32LE(says.body ?? body.length, 4)
  return Buffer.concat([prefix, json, body])
}

const LENGTHS = [0, 1, 7, 65_535, 65_536, 65_537, 2 ** 20, 2 ** 31, 2 ** 32 - 1]

/** Bodies in place of a frame's zlib stream. */
const BODIES: Readonly<Record<string, (draw: Draw, body: Buffer) => Buffer>> = {
  'an empty body': () => Buffer.alloc(0),
  'a bomb': () => deflateSync(Buffer.alloc(2 ** 20)),
  'raw deflate': (_, body) => deflateRawSync(body),
  gzip: (_, body) => gzipSync(body),
  'a preset dictionary': (_, body) => deflateSync(body, { dictionary: Buffer.from('frame') }),
  'two streams': (_, body) => Buffer.concat([body, body]),
  'one byte short': () => deflateSync(Buffer.alloc(95, 10)),
  'one byte long': () => deflateSync(Buffer.alloc(97, 10)),
  'bytes behind it': (draw, body) => Buffer.concat([body, draw.bytes(draw.int(1, 9))]),
  'changed bytes': (draw, body) => mutateBytes(draw, body.length === 0 ? draw.bytes(20) : body),
}

/** Records that a prover might send at the wrong moment. */
const OTHERS: readonly ((draw: Draw) => LooseRecord['header'])[] = [
  (draw) => ({ type: 'accepted', position: draw.pick([0, 1, 9_999, 10_000]), warnings: [] }),
  (draw) => ({ type: 'progress', step: draw.int(0, 3), steps: 2 }),
  (draw) => ({ type: 'frame', index: draw.int(0, 5) }),
  (draw) => ({
    type: 'error',
    code: draw.pick(['late', 'cancelled', 'internal', 'out_of_memory', 'invalid_request', 'new']),
    message: draw.pick(['', 'because', '\u001b[2J\u202e\n', 'm'.repeat(1_000), 'm'.repeat(1_001)]),
    retryable: draw.chance(50),
  }),
  (draw) => ({ type: draw.pick(['advert', '', 'DONE', '__proto__', 'digests', 'state_before']) }),
]

type Change = (draw: Draw, records: LooseRecord[]) => void

function one(change: (draw: Draw, record: LooseRecord) => void): Change {
  return (draw, records) => {
    if (records.length > 0) change(draw, draw.pick(records))
  }
}

const CHANGES: Readonly<Record<string, Change>> = {
  'a record less': (draw, records) => void records.splice(draw.below(records.length), 1),
  'a record twice': (draw, records) => {
    const at = draw.below(records.length)
    records.splice(draw.below(records.length + 1), 0, ...records.slice(at, at + 1))
  },
  'records swapped': (draw, records) => {
    const [a, b] = [draw.below(records.length), draw.below(records.length)]
    const [first, second] = [records[a], records[b]]
    if (first && second) [records[a], records[b]] = [second, first]
  },
  'a record more': (draw, records) => {
    const header = draw.pick(OTHERS)(draw)
    const body = draw.chance(20) ? draw.bytes(draw.int(1, 100)) : Buffer.alloc(0)
    records.splice(draw.below(records.length + 1), 0, { header, body })
  },
  'an early end': (draw, records) => void records.splice(draw.below(records.length)),
  'another header': one((draw, record) => {
    record.text = mutateJson(draw, record.header)
  }),
  'another body': one((draw, record) => {
    record.body = draw.named(BODIES)(draw, record.body)
  }),
  'untrue lengths': one((draw, record) => {
    record.says = draw.chance(50) ? { header: draw.pick(LENGTHS) } : { body: draw.pick(LENGTHS) }
  }),
}

/** The records' bytes with one to three changes. */
export function mutateRecords(draw: Draw, stream: Buffer): Buffer {
  const records = looseRecords(stream)
  for (let i = draw.int(1, 3); i > 0; i--) draw.named(CHANGES)(draw, records)
  return Buffer.concat(records.map(encodeLoosely))
}
