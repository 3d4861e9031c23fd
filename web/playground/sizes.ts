import type { Model } from '../api-types.js'

/** Width and height as fractions of the standard's. */
const SHAPES: readonly (readonly [number, number])[] = [
  [1, 1],
  [1.5, 1],
  [1, 1.5],
  [1.5, 1.5],
  [2, 1],
  [2, 2],
]

/** The standard size, and others that the model supports. @param chosen stays in the list, whatever it is */
export function sizesOf(model: Model | null, chosen: string): string[] {
  const sizes = new Set<string>()
  if (model !== null) {
    const { size, num_frames: frames } = model.standard
    const [width = 0, height = 0] = size.split('x').map(Number)
    const { size_multiple: multiple = 8, side = 0 } = model.limits
    const { frame_pixels: framePixels = 0, pixels = 0 } = model.limits
    for (const [across, down] of SHAPES) {
      const w = Math.round((across * width) / multiple) * multiple
      const h = Math.round((down * height) / multiple) * multiple
      const area = w * h
      if (Math.max(w, h) <= side && area <= framePixels && frames * area <= pixels) {
        sizes.add(`${w}x${h}`)
      }
    }
    sizes.delete(size)
  }
  if (chosen !== '') sizes.add(chosen)
  return [...sizes]
}
