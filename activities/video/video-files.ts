import { createHash } from 'node:crypto'
import { encodePng, PREVIEW_SIDE, shrink } from '../../base/png.js'
import { encodeMp4 } from '../../engine/video/mp4.js'
import type { ContentRow, JobCompletion, JobFiles } from '../../ledger/requests/jobs.js'

/** How long a finished video can be fetched. */
const KEPT_MS = 24 * 3600 * 1000

/**
 * Makes the MP4 and the thumbnail from a video's frames.
 * @param frames each height × width × RGB bytes
 */
export async function makeFiles(
  { width, height, fps }: { width: number; height: number; fps: number },
  frames: readonly Uint8Array[],
): Promise<JobFiles> {
  const middle = { width, height, rgb: frames[Math.floor(frames.length / 2)]! }
  const [video, thumbnail] = await Promise.all([
    encodeMp4({ width, height, fps, frames }),
    encodePng(shrink(middle, PREVIEW_SIDE)),
  ])
  return { video: content('video/mp4', video), thumbnail: content('image/png', thumbnail) }
}

/** How a job is completed with what its winning attempt delivered. */
export function completion(
  winner: { requestId: string; warnings: string[] | null },
  files: JobFiles,
): JobCompletion {
  return {
    winningRequestId: winner.requestId,
    warnings: winner.warnings ?? [],
    keptMs: KEPT_MS,
    files,
  }
}

function content(mime: string, bytes: Uint8Array): ContentRow {
  return { mime, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}
