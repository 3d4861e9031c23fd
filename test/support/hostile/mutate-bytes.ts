import type { Draw } from './draw.js'

const WORDS = [0, 1, 2, 8, 0x7f, 0xff, 0x100, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff]
/** What means something to a parser of HTTP, JSON or zlib. */
const TOKENS = [
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  ':',
  '"',
  '{',
  '}',
  '[',
  ',',
  '\\',
  '%00',
  '0\r\n\r\n',
  '\x78\x9c',
]

type Change = (draw: Draw, bytes: Buffer) => Buffer

function spliced(bytes: Buffer, at: number, removed: number, added: Uint8Array = Buffer.alloc(0)) {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)])
}

const CHANGES: Readonly<Record<string, Change>> = {
  'bit flipped': (draw, bytes) => {
    const copy = Buffer.from(bytes)
    const at = draw.below(copy.length)
    copy[at] = copy[at]! ^ (1 << draw.below(8))
    return copy
  },
  'byte set': (draw, bytes) => {
    const copy = Buffer.from(bytes)
    copy[draw.below(copy.length)] = draw.below(256)
    return copy
  },
  'word set': (draw, bytes) => {
    if (bytes.length < 4) return bytes
    const copy = Buffer.from(bytes)
    copy.writeUInt32LE(draw.pick(WORDS), draw.below(copy.length - 3))
    return copy
  },
  'bytes inserted': (draw, bytes) =>
    spliced(bytes, draw.below(bytes.length + 1), 0, draw.bytes(draw.int(1, 40))),
  'token inserted': (draw, bytes) =>
    spliced(bytes, draw.below(bytes.length + 1), 0, Buffer.from(draw.pick(TOKENS), 'latin1')),
  'bytes removed': (draw, bytes) =>
    spliced(bytes, draw.below(bytes.length), draw.int(1, 1 + draw.below(bytes.length))),
  'part repeated': (draw, bytes) => {
    const at = draw.below(bytes.length)
    const part = bytes.subarray(at, at + draw.int(1, 200))
    return spliced(bytes, at, 0, part)
  },
  truncated: (draw, bytes) => bytes.subarray(0, draw.below(bytes.length)),
}

/** The bytes with one to three changes; never the same. */
export function mutateBytes(draw: Draw, bytes: Buffer): Buffer {
  let changed = bytes
  for (let i = draw.int(1, 3); i > 0 || changed.equals(bytes); i--) {
    changed = changed.length === 0 ? draw.bytes(8) : draw.named(CHANGES)(draw, changed)
  }
  return changed
}

/** Cut into pieces at drawn places. */
export function inPieces(draw: Draw, bytes: Buffer, most = 8): Buffer[] {
  const cuts = Array.from({ length: draw.int(0, most - 1) }, () => draw.below(bytes.length + 1))
  const ends = [...cuts.sort((a, b) => a - b), bytes.length]
  return ends.map((end, i) => bytes.subarray(i === 0 ? 0 : ends[i - 1], end))
}
