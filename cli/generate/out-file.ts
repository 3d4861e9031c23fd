import { constants } from 'node:fs'
import { access, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FractalError, messageOf } from '../../base/errors.js'
import { type VideoFormat, videoFormatOf } from '../../engine/video/video-file.js'

export interface OutFile {
  readonly format: VideoFormat
  /** Writes all of it or nothing: a reader never sees half a file. */
  write(bytes: Uint8Array): Promise<void>
}

/**
 * Looks at where a result is to go before anything is computed.
 * @throws EngineError `invalid_request` for an unknown ending, FractalError `out_unwritable`
 */
export async function planOutFile(path: string): Promise<OutFile> {
  const format = videoFormatOf(path)
  const folder = dirname(path)
  const existing = await stat(path).catch(() => null)
  if (existing?.isDirectory()) throw unwritable(path, 'it is a directory')
  // Renaming onto a device would replace it.
  if (existing !== null && !existing.isFile()) throw unwritable(path, 'it is not a regular file')
  await access(folder, constants.W_OK).catch((cause) => {
    throw unwritable(path, messageOf(cause))
  })
  return {
    format,
    write: async (bytes) => {
      const temporary = join(folder, `.fractal-${process.pid}.${format}`)
      try {
        await writeFile(temporary, bytes)
        await rename(temporary, path)
      } catch (cause) {
        await rm(temporary, { force: true })
        throw unwritable(path, messageOf(cause))
      }
    },
  }
}

function unwritable(path: string, why: string): FractalError {
  return new FractalError('out_unwritable', `${path} can't be written: ${why}.`, {
    hint: 'Give --out a file in a writable folder that exists.',
  })
}
