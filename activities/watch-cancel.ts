import { getJob } from '../ledger/jobs.js'
import type { InferenceDeps } from './inference-deps.js'

/** How often a running request looks whether its user cancelled it: well within two denoising steps. */
const POLL_MS = 300

/** A signal that is aborted when the user cancels the job or the activity ends; call `stop` after use. */
export function watchCancel(
  deps: Pick<InferenceDeps, 'db'>,
  jobId: string,
  outer: AbortSignal,
): { signal: AbortSignal; stop: () => void } {
  const cancel = new AbortController()
  let asking = false
  const timer = setInterval(async () => {
    if (asking) return
    asking = true
    try {
      const job = await getJob(deps.db, jobId)
      if (job?.cancelRequestedAt != null) cancel.abort()
    } catch {
      // The ledger is away: asked again at the next tick.
    } finally {
      asking = false
    }
  }, POLL_MS)
  return { signal: AbortSignal.any([cancel.signal, outer]), stop: () => clearInterval(timer) }
}
