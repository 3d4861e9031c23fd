import { videoFormatOf } from '../../engine/video/video-file.js'
import type { FramesShape } from '../../formats/video-shape.js'
import { readBounded } from '../recompute/read-json-file.js'
import { UsageError } from '../usage-error.js'

const MAX_BYTES = 2_000_000_000

/** Frames that somebody has: their raw bytes, or an MP4, of which no hash is. */
export type GivenFrames =
  | { readonly format: 'rgb'; readonly frames: Uint8Array[] }
  | { readonly format: 'mp4'; readonly bytes: Uint8Array }

/**
 * @param shape of the receipt's video: a `.rgb` is cut by it, a rest becomes a frame that fits nothing
 * @throws UsageError for other endings, FractalError `file_unreadable`
 */
export async function readFrames(file: string, shape: FramesShape): Promise<GivenFrames> {
  const format = videoFormatOf(file)
  if (format === 'png') throw new UsageError('--frames takes a .rgb or an .mp4 file.')
  const bytes = await readBounded(file, 'video', MAX_BYTES)
  if (format === 'mp4') return { format, bytes }
  const size = 3 * shape.width * shape.height
  const frames: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) frames.push(bytes.subarray(at, at + size))
  return { format, frames }
}
