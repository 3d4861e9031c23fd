import type { Request, Response } from 'express'
import { z } from 'zod'
import { messageOf } from '../../../base/errors.js'
import type { WatchedJob } from '../../../ledger/requests/job-watch.js'
import type { JobRow } from '../../../ledger/requests/jobs.js'
import { keyLives } from '../../auth/key-gate.js'
import { SseStream } from '../../http/sse.js'
import type { VideoDeps } from '../deps.js'
import { videoObject, videoSchema } from '../object.js'
import { hasEnded } from '../own-video.js'

const frameSchema = z.object({
  type: z.literal('video.frame'),
  video_id: z.string(),
  attempt: z.string().meta({
    description: 'the prover’s attempt; another one begins again at frame 1',
  }),
  index: z.int().min(0).meta({ description: 'from 1' }),
  frames: z.int().min(0),
  width: z.int().min(0),
  height: z.int().min(0),
  image: z.string().meta({ description: 'a PNG as a data URL, at most 256 pixels a side' }),
})

/** How soon a client that is sent away may reconnect: another process is already listening. */
const COME_BACK_MS = 1_000

const stoppingSchema = z.object({
  type: z.literal('server.stopping'),
  video_id: z.string(),
  events_url: z.string().meta({ description: 'where to go on; it is answered by another process' }),
  last_event_id: z.string().nullable().meta({
    description:
      'to be sent as `Last-Event-ID`: of the last frame that was sent; null where none was',
  }),
  retry_after_ms: z.int().min(0),
})

/** The JSON of an event's `data`; `event` is its type. */
export const videoEventSchema = z
  .discriminatedUnion('type', [
    z.object({
      type: z.enum(['video.updated', 'video.completed', 'video.failed']),
      video: videoSchema,
    }),
    frameSchema,
    stoppingSchema,
  ])
  .meta({
    id: 'VideoEvent',
    description:
      '`video.updated` first and at each change of status, queue position and progress; `video.frame` as frames arrive; `video.completed` or `video.failed` last (a cancelled one failed with the code `cancelled`). `server.stopping` last where the server stops before: the video is made all the same, and `events_url` has the rest. A comment comes every 15 seconds.',
  })

/** Where a watcher's frames begin: after this one. */
export interface FrameCursor {
  readonly attempt: string
  readonly index: number
}

const CURSOR = /^([0-9a-f-]{36})\.([1-9]\d{0,5})$/

/** The id of the last event: a client that reconnects with it has seen everything. */
export const ENDED_ID = 'ended'

/** @param header `Last-Event-ID` as a client sends it @returns null for an id that is not one of ours */
export function readCursor(header: string | undefined): FrameCursor | null {
  const [, attempt, index] = CURSOR.exec(header ?? '') ?? []
  return attempt === undefined ? null : { attempt, index: Number(index) }
}

function cursorText({ attempt, index }: FrameCursor): string {
  return `${attempt}.${index}`
}

export interface StreamOptions {
  readonly frames: boolean
  readonly after: FrameCursor | null
  /** Ends the stream: the client is told where to continue, at another process. */
  readonly until: AbortSignal | null
  /** The job, where this request has just stored it. */
  readonly created?: JobRow | undefined
}

/**
 * Sends a video's events until it has ended. Nothing is made before the client has taken what came before:
 * changes in between are sent as one, and frames wait in the ledger.
 * @returns `gone` when the client left first
 */
export async function streamVideo(
  deps: VideoDeps,
  req: Request,
  res: Response,
  jobId: string,
  options: StreamOptions,
): Promise<'ended' | 'gone' | 'stopped'> {
  const sse = new SseStream(req, res, {
    ...(deps.heartbeatMs === undefined ? {} : { heartbeatMs: deps.heartbeatMs }),
    allowed: () => keyLives(res),
  })
  deps.measured.eventStreams.inc()
  const changes = new Changes(deps, jobId, sse.gone, options)
  const teller = new Teller(deps, sse, options)
  try {
    for (;;) {
      const job = await changes.next()
      if (sse.gone.aborted) return 'gone'
      if (job === null) {
        await teller.tellStopping(jobId)
        return 'stopped'
      }
      if (await teller.tell(job, () => changes.pending)) return 'ended'
    }
  } finally {
    changes.stop()
    sse.end()
    deps.measured.eventStreams.dec()
  }
}

/** The newest state of a job that has not been sent yet; older ones are skipped. */
class Changes {
  readonly #stop: () => void
  readonly #signals: readonly AbortSignal[]
  #latest: WatchedJob | null = null
  #wake: () => void = () => undefined

  constructor(
    deps: VideoDeps,
    jobId: string,
    gone: AbortSignal,
    { until, created }: Pick<StreamOptions, 'until' | 'created'>,
  ) {
    this.#signals = until === null ? [gone] : [gone, until]
    for (const signal of this.#signals) signal.addEventListener('abort', this.#onAbort)
    const look = (job: WatchedJob) => {
      this.#latest = job
      this.#wake()
    }
    this.#stop = deps.watcher.watch(jobId, look, created)
  }

  get pending(): boolean {
    return this.#latest !== null || this.#aborted
  }

  /** @returns null once one of the signals was aborted */
  async next(): Promise<WatchedJob | null> {
    if (!this.pending) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const latest = this.#latest
    this.#latest = null
    return this.#aborted ? null : latest
  }

  stop(): void {
    this.#stop()
    for (const signal of this.#signals) signal.removeEventListener('abort', this.#onAbort)
  }

  get #aborted(): boolean {
    return this.#signals.some((signal) => signal.aborted)
  }

  readonly #onAbort = () => this.#wake()
}

/** Sends one client what it has not been sent yet. */
class Teller {
  readonly #deps: VideoDeps
  readonly #sse: SseStream
  readonly #frames: boolean
  #after: FrameCursor | null
  #told = ''

  constructor(deps: VideoDeps, sse: SseStream, { frames, after }: StreamOptions) {
    this.#deps = deps
    this.#sse = sse
    this.#frames = frames
    this.#after = after
  }

  /** @returns whether that was the last event */
  async tell(job: WatchedJob, superseded: () => boolean): Promise<boolean> {
    const ended = hasEnded(job)
    // A client that comes after the end is told how the video ended, and nothing of the way there.
    const late = ended && this.#told === '' && this.#after === null
    if (!ended) await this.#tellUpdate(job)
    if (this.#frames && !late) await this.#tellFrames(job, () => !ended && superseded())
    if (!ended) return false
    const type = job.status === 'completed' ? 'video.completed' : 'video.failed'
    const data: VideoEvent = { type, video: videoObject(job) }
    await this.#sse.send({ event: type, data, id: ENDED_ID })
    return true
  }

  /** The last event of a stream whose video has not ended. */
  async tellStopping(jobId: string): Promise<void> {
    const after = this.#after
    const data: VideoEvent = {
      type: 'server.stopping',
      video_id: jobId,
      events_url: `/v1/videos/${jobId}/events${this.#frames ? '' : '?frames=none'}`,
      last_event_id: after === null ? null : cursorText(after),
      retry_after_ms: COME_BACK_MS,
    }
    // Without an id: browsers reconnect with that of the last frame.
    await this.#sse.send({ event: data.type, data })
  }

  async #tellUpdate(job: WatchedJob): Promise<void> {
    const cancelling = job.cancelRequestedAt !== null
    const state = [job.status, job.queuePosition, job.progress, cancelling].join()
    if (state === this.#told) return
    this.#told = state
    const data: VideoEvent = { type: 'video.updated', video: videoObject(job) }
    await this.#sse.send({ event: data.type, data })
  }

  async #tellFrames(job: WatchedJob, superseded: () => boolean): Promise<void> {
    const { framesOf: attempt } = job
    if (attempt === null) return
    const first = this.#after?.attempt === attempt ? this.#after.index + 1 : 1
    for (let index = first; index <= job.framesStored; index++) {
      // One at least, or a slow client of a busy video would get updates alone.
      if (this.#sse.gone.aborted || (index > first && superseded())) return
      const preview = await this.#preview(attempt, index, job)
      if (preview === null) return
      const { width, height, url: image } = preview
      const data: VideoEvent = {
        type: 'video.frame',
        video_id: job.id,
        attempt,
        index,
        frames: job.frames,
        width,
        height,
        image,
      }
      await this.#sse.send({ event: data.type, data, id: cursorText({ attempt, index }) })
      this.#after = { attempt, index }
    }
  }

  /** A picture that can't be made now must not end the stream: its last event matters more. */
  async #preview(attempt: string, index: number, job: WatchedJob) {
    try {
      return await this.#deps.previews.get(attempt, index, job)
    } catch (error) {
      this.#deps.log.warn({ job: job.id, reason: messageOf(error) }, 'a frame could not be shown')
      return null
    }
  }
}

type VideoEvent = z.output<typeof videoEventSchema>
