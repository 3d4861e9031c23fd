import type { ApiDeps } from './deps.js'

/**
 * `ended`: the job has its end. `unavailable`: nobody took it. `broken`: somebody took it and went away.
 * In the last two cases the job's workflow has to be started: attempts are idempotent, so it goes on
 * where this stopped.
 */
export type DirectRun = 'ended' | 'unavailable' | 'broken'

/**
 * Has an inference worker run an accepted job at once, on an open connection, instead of its workflow.
 * What comes of it stands in the ledger, for every watcher alike.
 * @param signal aborting it is the user's cancel: note it in the ledger first (`requestCancel`)
 */
export async function runDirect(
  deps: ApiDeps,
  _jobId: string,
  _signal: AbortSignal,
): Promise<DirectRun> {
  // Without an inference worker's address every job is its workflow's.
  if (deps.inference === null) return 'unavailable'
  return 'unavailable'
}
