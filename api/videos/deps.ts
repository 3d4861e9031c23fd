import { setMaxListeners } from 'node:events'
import type { ApiDeps } from '../deps.js'
import type { ApiMetrics } from '../http/metrics.js'
import { FramePreviews } from './watch/frame-previews.js'
import { JobWatcher } from './watch/job-watcher.js'

/** What the operations on videos share in one process. */
export interface VideoDeps extends ApiDeps {
  readonly measured: ApiMetrics
  readonly watcher: JobWatcher
  readonly previews: FramePreviews
}

export function videoDeps(deps: ApiDeps, measured: ApiMetrics): VideoDeps {
  // Every open stream listens: thousands are no leak.
  setMaxListeners(0, deps.stopping)
  const watcher = new JobWatcher(deps, (jobs) => measured.watchedVideos.set(jobs))
  return { ...deps, measured, watcher, previews: new FramePreviews(deps.db) }
}
