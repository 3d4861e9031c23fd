import { encode } from 'fast-png'
import type { Video } from './mp4.js'

const COLUMNS = 4
/** Pixels between and around the frames. */
const GAP = 4
const GREY = 48
/** Narrower frames are shown at twice the size. */
const SMALL = 128

/** All frames side by side as one PNG, in reading order, four in a row. */
export function contactSheet({ width, height, frames }: Video): Uint8Array {
  const zoom = width < SMALL ? 2 : 1
  const columns = Math.min(COLUMNS, frames.length)
  const rows = Math.ceil(frames.length / columns)
  const sheetWidth = columns * (width * zoom + GAP) + GAP
  const sheetHeight = rows * (height * zoom + GAP) + GAP
  const data = new Uint8Array(sheetWidth * sheetHeight * 3).fill(GREY)
  for (const [k, frame] of frames.entries()) {
    const left = GAP + (k % columns) * (width * zoom + GAP)
    const top = GAP + Math.floor(k / columns) * (height * zoom + GAP)
    for (let y = 0; y < height * zoom; y++) {
      for (let x = 0; x < width * zoom; x++) {
        const from = 3 * (Math.floor(y / zoom) * width + Math.floor(x / zoom))
        const to = 3 * ((top + y) * sheetWidth + left + x)
        for (let c = 0; c < 3; c++) data[to + c] = frame[from + c]!
      }
    }
  }
  return encode({ width: sheetWidth, height: sheetHeight, data, channels: 3, depth: 8 })
}
