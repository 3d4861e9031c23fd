import type { Request, Response } from 'express'
import type { JobRow } from '../../../ledger/requests/jobs.js'
import type { VideoDeps } from '../deps.js'
import { hasEnded } from '../own-video.js'

/** Longer waits are cut to this: what proxies on the way bear. */
export const MAX_WAIT_SECONDS = 60

const WAIT = /(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?:[,;]|$)/i

/** Seconds of `Prefer: wait=N` (RFC 7240) that are honoured; null when the client does not ask for it. */
export function preferredWait(req: Request): number | null {
  const [, seconds] = WAIT.exec(req.get('prefer') ?? '') ?? []
  return seconds === undefined ? null : Math.min(MAX_WAIT_SECONDS, Number(seconds))
}

/**
 * Waits until a video has ended, for this long at most; no longer than the client does, and no longer than
 * this process is to run.
 * @param options.repeated the job was there before: it may have changed since it was read
 * @returns the video in its state then
 */
export function waitForVideo(
  deps: Pick<VideoDeps, 'watcher' | 'stopping'>,
  res: Response,
  job: JobRow,
  { seconds, repeated }: { seconds: number; repeated: boolean },
): Promise<JobRow> {
  return new Promise((resolve) => {
    let latest = job
    let stopWatching: (() => void) | null = null
    const done = () => {
      clearTimeout(timer)
      res.off('close', done)
      deps.stopping.removeEventListener('abort', done)
      stopWatching?.()
      resolve(latest)
    }
    const timer = setTimeout(done, seconds * 1000)
    res.once('close', done)
    deps.stopping.addEventListener('abort', done)
    const look = (now: JobRow) => {
      latest = now
      if (hasEnded(now)) done()
    }
    stopWatching = deps.watcher.watch(job.id, look, repeated ? undefined : job)
    // Told at once: there was nothing to stop yet. Or nobody is to wait any more.
    if (hasEnded(latest) || res.closed || deps.stopping.aborted) done()
  })
}
