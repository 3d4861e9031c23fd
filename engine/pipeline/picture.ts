const f = Math.fround

/** Where the three planes of a picture are among a decoder's values. */
export interface Planes {
  /** Index of the first red value. */
  start: number
  /** From a red value to its green one, and from that to its blue one. */
  stride: number
  pixels: number
}

/**
 * A picture as RGB bytes, one pixel after another, from values in −1 … 1, as diffusers makes it: v / 2 + 0.5 in
 * float32, 255 times that rounded half to even and clamped to 0 … 255; NaN is 0.
 */
export function pictureOf(decoded: Float32Array, { start, stride, pixels }: Planes): Uint8Array {
  const rgb = new Uint8Array(3 * pixels)
  // What is stored in it is rounded and clamped in just this way, ten times as fast as by calls of Math.
  const rounding = new Uint8ClampedArray(rgb.buffer)
  for (let c = 0; c < 3; c++) {
    const plane = start + c * stride
    for (let i = 0; i < pixels; i++) rounding[3 * i + c] = 255 * f(decoded[plane + i]! * 0.5 + 0.5)
  }
  return rgb
}
