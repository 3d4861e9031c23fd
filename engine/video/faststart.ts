import { concat } from '../../formats/bytes.js'

/** Boxes that contain only boxes, on the path to those that are rewritten. */
const CONTAINERS = new Set(['moov', 'trak', 'mdia', 'minf', 'stbl'])
/** Boxes that begin with creation and modification times. */
const DATED = new Set(['mvhd', 'tkhd', 'mdhd'])
/** A box's size and type. */
const HEADER_BYTES = 8
/** Version and flags, which follow the header. */
const VERSION_BYTES = 4

/**
 * The MP4 with its index (`moov`) before its samples (`mdat`), so that a player can start before it has the
 * whole file; without padding and without timestamps, so that equal samples give equal bytes. The chunk
 * offsets (`stco`, `co64`) are adjusted. See ISO/IEC 14496-12, 8.
 * @throws RangeError if the bytes are not an MP4
 */
export function faststart(mp4: Uint8Array): Uint8Array {
  const boxes = boxesOf(mp4, 0, mp4.length).filter(({ type }) => type !== 'free')
  const ordered = boxes.toSorted((a, b) => rankOf(a) - rankOf(b))
  const moves: Move[] = []
  let at = 0
  for (const { start, end } of ordered) {
    moves.push({ start, end, by: at - start })
    at += end - start
  }
  const moov = ordered.find(({ type }) => type === 'moov')
  if (moov === undefined) throw new RangeError('no moov box: this is not an MP4')
  // Not slice, which shares memory if these bytes are a Buffer.
  const rewritten = new Uint8Array(mp4.subarray(moov.start, moov.end))
  rewrite(rewritten, boxesOf(rewritten, 0, rewritten.length), moves)
  return concat(
    ...ordered.map((box) => (box === moov ? rewritten : mp4.subarray(box.start, box.end))),
  )
}

interface Box {
  readonly type: string
  readonly start: number
  readonly end: number
}

/** Where the bytes of a top-level box were moved. */
interface Move {
  readonly start: number
  readonly end: number
  readonly by: number
}

function rankOf({ type }: Box): number {
  if (type === 'ftyp') return 0
  return type === 'moov' ? 1 : 2
}

function boxesOf(bytes: Uint8Array, from: number, to: number): Box[] {
  const boxes: Box[] = []
  for (let start = from; start < to; ) {
    const view = viewOf(bytes, start, to)
    const size = view.getUint32(0)
    // 0 (to the end of the file) and 1 (64 bits) are for files larger than the encoder can produce.
    if (size < HEADER_BYTES || size > view.byteLength) {
      throw new RangeError(`a box of ${size} bytes at ${start} of ${to}`)
    }
    const type = String.fromCharCode(...bytes.subarray(start + 4, start + HEADER_BYTES))
    boxes.push({ type, start, end: start + size })
    start += size
  }
  return boxes
}

/** In place: sets times to 0, and updates offsets to where their chunks are now. */
function rewrite(bytes: Uint8Array, boxes: readonly Box[], moves: readonly Move[]): void {
  for (const { type, start, end } of boxes) {
    const body = start + HEADER_BYTES
    if (CONTAINERS.has(type)) {
      rewrite(bytes, boxesOf(bytes, body, end), moves)
    } else if (DATED.has(type)) {
      const times = body + VERSION_BYTES
      bytes.fill(0, times, times + (bytes[body] === 1 ? 16 : 8))
    } else if (type === 'stco' || type === 'co64') {
      moveOffsets(viewOf(bytes, body + VERSION_BYTES, end), type, moves)
    }
  }
}

function moveOffsets(table: DataView, type: 'stco' | 'co64', moves: readonly Move[]): void {
  const count = table.getUint32(0)
  for (let i = 0; i < count; i++) {
    if (type === 'stco') {
      const at = 4 + 4 * i
      table.setUint32(at, moved(table.getUint32(at), moves))
    } else {
      const at = 4 + 8 * i
      table.setBigUint64(at, BigInt(moved(Number(table.getBigUint64(at)), moves)))
    }
  }
}

function moved(offset: number, moves: readonly Move[]): number {
  const move = moves.find(({ start, end }) => offset >= start && offset < end)
  if (move === undefined) throw new RangeError(`a chunk at ${offset}, outside the file's boxes`)
  return offset + move.by
}

function viewOf(bytes: Uint8Array, from: number, to: number): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset + from, to - from)
}
