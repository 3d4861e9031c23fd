import path from 'node:path'
import { concat } from '../../formats/bytes.js'
import { EngineError } from '../errors.js'
import { contactSheet } from './contact-sheet.js'
import { encodeMp4, type Video } from './mp4.js'

const FORMATS = ['mp4', 'png', 'rgb'] as const
export type VideoFormat = (typeof FORMATS)[number]

/** The format from a file's name. @throws EngineError `invalid_request` for any other extension */
export function videoFormatOf(file: string): VideoFormat {
  const ending = path.extname(file).slice(1).toLowerCase()
  const format = FORMATS.find((known) => known === ending)
  if (format !== undefined) return format
  throw new EngineError(
    'invalid_request',
    `${path.basename(file)} has no video format as its extension.`,
    {
      hint: 'End the name in .mp4 (H.264), .png (a contact sheet) or .rgb (the bytes of all frames).',
    },
  )
}

/**
 * `mp4`: H.264; `png`: a contact sheet; `rgb`: the RGB bytes of all frames in order, nothing else.
 * @throws EngineError `encode_failed`
 */
export async function encodeVideo(format: VideoFormat, video: Video): Promise<Uint8Array> {
  switch (format) {
    case 'mp4':
      return encodeMp4(video)
    case 'png':
      return contactSheet(video)
    case 'rgb':
      return concat(...video.frames)
  }
}
