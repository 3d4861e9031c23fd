import { Agent, type IncomingMessage, request } from 'node:http'
import type { ApiDeps, InferenceListeners } from '../../deps.js'

/**
 * `ended`: the job has ended. `unavailable`: nobody took it. `broken`: somebody took it and went away.
 * In the last two cases the job's workflow has to be started: attempts are idempotent, so it continues
 * where this stopped.
 */
export type DirectRun = 'ended' | 'unavailable' | 'broken'

/** How long a worker may take to answer that it runs the job. */
const TAKE_MS = 3_000
/** Workers send a byte every two seconds. */
const SILENCE_MS = 10_000

const agent = new Agent({ keepAlive: true, maxFreeSockets: 16 })

/**
 * Has an inference worker run an accepted job at once, on an open connection, instead of its workflow.
 * Its outcome is in the ledger, for every watcher alike. Never rejects.
 * @param signal aborting it is the user's cancel: note it in the ledger first (`requestCancel`), where
 * the worker sees it. Answered `ended`, for there is nothing left to start.
 */
export async function runDirect(
  deps: Pick<ApiDeps, 'inference' | 'randomSeed' | 'log'>,
  jobId: string,
  signal: AbortSignal,
): Promise<DirectRun> {
  if (deps.inference === null) return 'unavailable'
  const { urls } = deps.inference
  // Another worker goes first each time; whoever is full or away is passed over.
  const first = deps.randomSeed() % urls.length
  for (const url of [...urls.slice(first), ...urls.slice(0, first)]) {
    const answer = await take(deps.inference, url, jobId, signal)
    if (signal.aborted) return 'ended'
    if (answer === null) continue
    const ended = await lastLine(answer)
    if (signal.aborted) return 'ended'
    if (ended) return 'ended'
    deps.log.warn({ job: jobId }, 'a direct run was interrupted; its workflow continues')
    return 'broken'
  }
  deps.log.info({ job: jobId }, 'no inference worker accepted a direct run; its workflow does it')
  return 'unavailable'
}

/** The worker's answer once it runs the job; null when it does not. */
function take(
  { secret }: InferenceListeners,
  url: string,
  jobId: string,
  signal: AbortSignal,
): Promise<IncomingMessage | null> {
  return new Promise((resolve) => {
    const req = request(new URL('/v1/run', url), {
      method: 'POST',
      agent,
      signal,
      headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${secret}` },
    })
    const late = setTimeout(() => req.destroy(new Error('no answer in time')), TAKE_MS)
    req.once('error', () => {
      clearTimeout(late)
      resolve(null)
    })
    req.once('response', (answer) => {
      clearTimeout(late)
      // Errors from here on end the reading of it.
      req.on('error', () => undefined)
      if (answer.statusCode === 200) {
        resolve(answer)
        return
      }
      answer.resume()
      resolve(null)
    })
    req.end(JSON.stringify({ job_id: jobId }))
  })
}

/** Whether the worker says that the job has ended. */
async function lastLine(answer: IncomingMessage): Promise<boolean> {
  answer.setTimeout(SILENCE_MS, () => answer.destroy(new Error('silence')))
  let text = ''
  try {
    for await (const part of answer) text = `${text}${part}`.trimStart()
    return (JSON.parse(text) as { ended?: unknown }).ended === true
  } catch {
    return false
  }
}
