import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'

const compress = promisify(deflate)

/** RGB, three bytes a pixel, rows from the top. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/** Pixels of a preview's or a thumbnail's longer side at most. */
export const PREVIEW_SIDE = 256

/** A picture in which no side is longer than `maxSide`: each pixel the mean of those it stands for. */
export function shrink(picture: Picture, maxSide: number): Picture {
  const { width, height, rgb } = picture
  const factor = Math.min(1, maxSide / Math.max(width, height))
  if (factor === 1) return picture
  const w = Math.max(1, Math.round(width * factor))
  const h = Math.max(1, Math.round(height * factor))
  const out = new Uint8Array(w * h * 3)
  for (let y = 0; y < h; y++) {
    const [top, bottom] = span(y, height, h)
    for (let x = 0; x < w; x++) {
      const [left, right] = span(x, width, w)
      const sums = [0, 0, 0]
      for (let row = top; row < bottom; row++) {
        for (let at = 3 * (row * width + left); at < 3 * (row * width + right); at += 3) {
          sums[0]! += rgb[at]!
          sums[1]! += rgb[at + 1]!
          sums[2]! += rgb[at + 2]!
        }
      }
      const pixels = (bottom - top) * (right - left)
      for (let c = 0; c < 3; c++) out[3 * (y * w + x) + c] = Math.round(sums[c]! / pixels)
    }
  }
  return { width: w, height: h, rgb: out }
}

/** The source pixels that target pixel `i` of `to` stands for. */
function span(i: number, from: number, to: number): [first: number, end: number] {
  const first = Math.floor((i * from) / to)
  return [first, Math.max(first + 1, Math.floor(((i + 1) * from) / to))]
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const BITS = 8
const TRUECOLOUR = 2
/** Each byte less the one of the pixel before: what smooth pictures compress well by. */
const SUB = 1

/**
 * A PNG of the picture, lossless. Node's zlib packs it off the main thread, where fast-png would hold
 * up every other answer while it packs a large frame.
 */
export async function encodePng({ width, height, rgb }: Picture): Promise<Buffer> {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = BITS
  header[9] = TRUECOLOUR
  const stride = 3 * width
  const rows = Buffer.alloc((stride + 1) * height)
  for (let y = 0; y < height; y++) {
    const at = y * (stride + 1)
    rows[at] = SUB
    for (let x = 0; x < stride; x++) {
      const from = y * stride + x
      rows[at + 1 + x] = rgb[from]! - (x < 3 ? 0 : rgb[from - 3]!)
    }
  }
  const data = await compress(rows)
  return Buffer.concat([SIGNATURE, chunk('IHDR', header), chunk('IDAT', data), chunk('IEND')])
}

function chunk(type: string, data: Uint8Array = Buffer.alloc(0)): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const out = Buffer.alloc(body.length + 8)
  out.writeUInt32BE(data.length, 0)
  body.copy(out, 4)
  out.writeUInt32BE(crc32(body), body.length + 4)
  return out
}
