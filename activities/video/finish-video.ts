import { createHash } from 'node:crypto'
import { inflateSync } from 'node:zlib'
import { FractalError } from '../../base/errors.js'
import { framesSha256 } from '../../formats/frames.js'
import { attemptsOf } from '../../ledger/requests/attempts.js'
import { getFrames } from '../../ledger/requests/frames.js'
import { completeJob, getJob } from '../../ledger/requests/jobs.js'
import type { InferenceDeps } from '../inference-deps.js'
import { withHeartbeat } from '../shared/heartbeat.js'
import { completion, makeFiles } from './video-files.js'

/** The activity: `finishVideo` with heartbeats. */
export function createFinishVideo(deps: InferenceDeps) {
  return (input: { jobId: string }): Promise<void> => withHeartbeat(() => finishVideo(deps, input))
}

/**
 * Makes a job's files from the stored frames and completes it, once: where the attempt that got the answer could
 * not do it itself.
 */
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
  const { width, height } = job
  const raw = frames.map((frame) => inflateSync(frame.zlib))
  const digests = raw.map((rgb) => createHash('sha256').update(rgb).digest())
  if (framesSha256({ width, height, frames: job.frames }, digests) !== winner.framesSha256) {
    throw new FractalError(
      'frames_differ',
      `the stored frames of ${jobId} are not those that were signed`,
    )
  }
  await completeJob(deps.db, jobId, completion(winner, await makeFiles(job, raw)))
}
