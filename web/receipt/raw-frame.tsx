import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

/** Renders a frame from its raw RGB bytes, so that what is shown is what was hashed. */
export function RawFrame(props: {
  rgb: Uint8Array
  width: number
  height: number
  name: string
}): JSX.Element {
  const { rgb, width, height, name } = props
  const canvas = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const pixels = new Uint8ClampedArray(width * height * 4).fill(255)
    for (let i = 0; i < width * height; i += 1) {
      pixels.set(rgb.subarray(3 * i, 3 * i + 3), 4 * i)
    }
    canvas.current!.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0)
  }, [rgb, width, height])
  return <canvas ref={canvas} width={width} height={height} role="img" aria-label={name} />
}
