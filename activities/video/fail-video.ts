import { failJob } from '../../ledger/requests/jobs.js'
import type { InferenceDeps } from '../inference-deps.js'

/** Why a video could not be made, for its user. */
const MESSAGES = {
  no_prover_available: 'No prover was free to take the request. Try again in a moment.',
  generation_failed: 'Every prover that was tried failed the request. Try again.',
  invalid_request:
    'The provers report that the model can’t handle this request. Try a smaller one.',
  internal_error: 'The request failed on our side. Try again.',
  stopped: 'The request was stopped by the operator. Try again.',
} as const

export type VideoFailure = keyof typeof MESSAGES

/** `stopped` only changes the message: the API has one code for failures on our side. */
const codeOf = (code: VideoFailure) => (code === 'stopped' ? 'internal_error' : code)

/** Fails a job, once. */
export function createFailVideo(deps: InferenceDeps) {
  return async ({ jobId, code }: { jobId: string; code: VideoFailure }): Promise<void> => {
    await failJob(deps.db, jobId, { code: codeOf(code), message: MESSAGES[code] })
    deps.log.warn({ job: jobId, code }, 'a video failed')
  }
}
