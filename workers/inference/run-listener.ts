import { createHash, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Log } from '../../base/log.js'
import { closeServer, type ListenAddress, listen } from '../../base/net/http-listener.js'
import type { DirectRuns } from './direct-runs.js'

/** A byte this often tells the API that the worker is alive. */
const ALIVE_MS = 2_000
const MAX_BODY_BYTES = 1024
const HEADERS_TIMEOUT_MS = 5_000
/** By then the runs have ended: this leaves time for their last lines to be read. */
const CLOSE_MS = 5_000

const runBody = z.strictObject({ job_id: z.string().regex(/^video_[0-9a-f]{24}$/) })

export interface RunListener {
  /** Takes nothing new, and lets running answers end. */
  close(): Promise<void>
}

/**
 * Serves `POST /v1/run {job_id}` to those who know the secret: runs the job immediately, sends a space now
 * and then, and at its end one line of JSON: `{"ended":true}`, or false when its workflow continues it.
 * A caller that goes away changes nothing; 503 and 409 mean: start its workflow.
 * @throws FractalError `port_taken`, `port_refused`, `listen_failed`
 */
export async function startRunListener(
  runs: DirectRuns,
  options: ListenAddress & { secret: string; log: Log },
): Promise<RunListener> {
  const { log } = options
  const wanted = digest(`Bearer ${options.secret}`)
  const server = createServer(
    { headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 2 * HEADERS_TIMEOUT_MS },
    (req, res) => {
      if (!timingSafeEqual(digest(req.headers.authorization ?? ''), wanted)) {
        refuse(res, 401)
        return
      }
      if (req.method !== 'POST' || req.url !== '/v1/run') {
        refuse(res, 404)
        return
      }
      serve(runs, req, res).catch((error: Error) => {
        log.warn({ reason: error.message }, 'a direct run was not taken')
        if (!res.headersSent) refuse(res, 503)
        else res.destroy()
      })
    },
  )
  const { port } = await listen(server, options, {
    what: 'the inference worker',
    remedy: 'choose another with --inference.port (or --inference.host)',
  })
  log.info({ port }, 'the inference worker listens for the API')
  return { close: () => closeServer(server, { graceMs: CLOSE_MS }) }
}

async function serve(runs: DirectRuns, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const body = await readBody(req)
  if (body === null) {
    refuse(res, 400)
    return
  }
  const taken = await runs.take(body.job_id)
  if (taken.kind !== 'taken') {
    refuse(res, taken.kind === 'full' ? 503 : 409)
    return
  }
  res.writeHead(200, { 'Content-Type': 'application/json' })
  // Immediately: this ends the API's wait for a worker that takes it.
  res.flushHeaders()
  const alive = setInterval(() => res.write(' '), ALIVE_MS)
  const ended = await taken.ended
  clearInterval(alive)
  res.end(`${JSON.stringify({ ended })}\n`)
}

/** Null when it is not a request to run a job. */
async function readBody(req: IncomingMessage): Promise<z.output<typeof runBody> | null> {
  let bytes = Buffer.alloc(0)
  for await (const part of req) {
    bytes = Buffer.concat([bytes, part as Buffer])
    if (bytes.length > MAX_BODY_BYTES) return null
  }
  try {
    return runBody.parse(JSON.parse(bytes.toString('utf8')))
  } catch {
    return null
  }
}

function refuse(res: ServerResponse, status: number): void {
  res.writeHead(status, { 'Content-Length': 0, Connection: 'close' }).end()
}

/** Of equal length, whatever was sent: what `timingSafeEqual` needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
