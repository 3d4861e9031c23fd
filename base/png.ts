import { promisify } from 'node:util'
import { crc32, deflate } from 'node:zlib'

const compress = promisify(deflate)

/** RGB, three bytes per pixel, rows from the top. */
export interface Picture {
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

/** Maximum pixels on the longer side of a preview or thumbnail. */
export const PREVIEW_SIDE = 256

/**
 * Scales a picture so that no side is longer than `maxSide`: each pixel is the mean of its source pixels.
 */
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

/** The source pixels of target pixel `i` of `to`. */
function span(i: number, from: number, to: number): [first: number, end: number] {
  const first = Math.floor((i * from) / to)
  return [first, Math.max(first + 1, Math.floor(((i + 1) * from) / to))]
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const BITS = 8
const TRUECOLOUR = 2
/** PNG's Sub filter (difference to the previous pixel), with which smooth pictures compress well. */
const SUB = 1

/**
 * A PNG of the picture, lossless. Node's zlib compresses it off the main thread; fast-png would block every
 * other response while it compresses a large frame.
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
