import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { FractalError } from '../../base/errors.js'
import { encodePng, PREVIEW_SIDE, shrink } from '../../base/png.js'
import { encodeMp4 } from '../../engine/video/mp4.js'
import { framesSha256 } from '../../formats/frames.js'
import { attemptsOf } from '../../ledger/requests/attempts.js'
import { getFrames } from '../../ledger/requests/frames.js'
import { type ContentRow, completeJob, getJob, putContent } from '../../ledger/requests/jobs.js'
import type { InferenceDeps } from '../inference-deps.js'
import { withHeartbeat } from '../shared/heartbeat.js'

/** How long a finished video can be fetched. */
const KEPT_MS = 24 * 3600 * 1000

/** The activity: `finishVideo` with heartbeats. */
export function createFinishVideo(deps: InferenceDeps) {
  return (input: { jobId: string }): Promise<void> => withHeartbeat(() => finishVideo(deps, input))
}

/** Makes the MP4 and the thumbnail from the stored frames, and completes the job, once. */
export async function finishVideo(
  deps: InferenceDeps,
  { jobId }: { jobId: string },
): Promise<void> {
  const job = await getJob(deps.db, jobId)
  if (job === null) throw new FractalError('no_such_job', `there is no job ${jobId}`)
  if (job.status === 'completed' || job.status === 'failed') return
  const winner = (await attemptsOf(deps.db, job.inferenceId)).find(
    (row) => row.outcome === 'success',
  )
  if (winner === undefined) throw new FractalError('no_answer', `job ${jobId} has no answer`)
  const frames = await getFrames(deps.db, winner.requestId)
  if (frames.length !== job.frames) {
    throw new FractalError(
      'frames_missing',
      `job ${jobId} has ${frames.length} of ${job.frames} frames`,
    )
  }
  const { width, height, fps } = job
  const raw = frames.map((frame) => inflateSync(frame.zlib))
  const digests = raw.map((rgb) => createHash('sha256').update(rgb).digest())
  if (framesSha256({ width, height, frames: job.frames }, digests) !== winner.framesSha256) {
    throw new FractalError(
      'frames_differ',
      `the stored frames of ${jobId} are not those that were signed`,
    )
  }
  const middle = { width, height, rgb: raw[Math.floor(raw.length / 2)]! }
  const [video, thumbnail] = await Promise.all([
    encodeMp4({ width, height, fps, frames: raw }),
    encodePng(shrink(middle, PREVIEW_SIDE)),
  ])
  await Promise.all([
    putContent(deps.db, jobId, 'video', content('video/mp4', video)),
    putContent(deps.db, jobId, 'thumbnail', content('image/png', thumbnail)),
  ])
  await completeJob(deps.db, jobId, {
    winningRequestId: winner.requestId,
    warnings: winner.warnings ?? [],
    keptMs: KEPT_MS,
  })
}

function content(mime: string, bytes: Uint8Array): ContentRow {
  return { mime, bytes, sha256: createHash('sha256').update(bytes).digest('hex') }
}
