import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { drawPrompt } from '../../rules/plan/prompts.js'
import { shapeFailed } from './through-interval.js'

const TRY_MS = 120_000
const ANSWER_MS = 20_000
/** Who leaves the stream of a request cancels it. */
const WATCH_MS = 600_000
const video = z.object({
  id: z.string(),
  status: z.string(),
  error: z.object({ code: z.string(), message: z.string() }).nullish(),
})

/**
 * People who want videos. Each asks one API, and the other with the same Idempotency-Key when that does not
 * answer, as clients behind a load balancer do; each third watches the stream.
 */
export class Users {
  readonly #apis: readonly string[]
  readonly #key: string
  readonly #timer: NodeJS.Timeout
  readonly #asking = new Set<Promise<void>>()
  #asked = 0
  /** Ids of the jobs that an API accepted. */
  readonly accepted = new Set<string>()
  /** Who found no API at all for two minutes: none, as long as one of two is up. */
  readonly refused: string[] = []
  /** How often somebody had to ask the other API. */
  secondTries = 0

  constructor(apis: readonly string[], key: string, everyMs: number) {
    this.#apis = apis
    this.#key = key
    this.#timer = setInterval(() => this.ask(), everyMs)
    this.ask()
  }

  ask(): void {
    const asking = this.#ask().finally(() => this.#asking.delete(asking))
    this.#asking.add(asking)
  }

  /** Nobody asks any more; resolves once everybody was answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await Promise.all(this.#asking)
  }

  /**
   * Whether a job is done, by whichever API answers; not yet, where neither does.
   * @throws FractalError `shape_failed` where it failed
   */
  async isCompleted(jobId: string): Promise<boolean> {
    for (const api of this.#apis) {
      // One that is killed in the middle of its answer gave none.
      const found = await this.#look(api, jobId).catch(() => null)
      if (found === null) continue
      const { status, error } = found
      if (status === 'failed') {
        throw shapeFailed(`video ${jobId} is failed: ${error?.code}, ${error?.message}`)
      }
      return status === 'completed'
    }
    return false
  }

  async #look(api: string, jobId: string) {
    const answer = await this.#call(`${api}/v1/videos/${jobId}`)
    return answer.ok ? video.parse(await answer.json()) : null
  }

  async #ask(): Promise<void> {
    const nth = this.#asked++
    const prompt = drawPrompt({ secret: randomBytes(32), blockHash: randomBytes(32) }, 'user')
    const key = randomUUID()
    const stream = nth % 3 === 2
    let why = ''
    const deadline = Date.now() + TRY_MS
    for (let attempt = nth; Date.now() < deadline; attempt += 1) {
      if (attempt > nth) this.secondTries += 1
      const api = this.#apis[attempt % this.#apis.length]!
      try {
        const answer = await this.#call(`${api}/v1/videos`, {
          method: 'POST',
          body: JSON.stringify({ prompt, ...(stream ? { stream } : {}) }),
          headers: { 'idempotency-key': key },
          signal: AbortSignal.timeout(stream ? WATCH_MS : ANSWER_MS),
        })
        if (!answer.ok) throw new Error(`status ${answer.status}`)
        this.accepted.add(stream ? await watched(answer) : video.parse(await answer.json()).id)
        return
      } catch (error) {
        why = String(error)
        await sleep(500)
      }
    }
    this.refused.push(why)
  }

  #call(url: string, init: RequestInit = {}): Promise<Response> {
    return fetch(url, {
      signal: AbortSignal.timeout(ANSWER_MS),
      ...init,
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${this.#key}`,
        ...init.headers,
      },
    })
  }
}

/** The id in a stream's first event; the rest is watched to its end, wherever that is. */
async function watched(answer: Response): Promise<string> {
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (;;) {
    const { done, value } = await reader.read()
    text += value ?? ''
    const id = /"id":"(video_[0-9a-f]{24})"/.exec(text)?.[1]
    if (id !== undefined) {
      void drained(reader)
      return id
    }
    if (done) throw new Error('the stream ended without a video')
  }
}

async function drained(reader: ReadableStreamDefaultReader<string>): Promise<void> {
  try {
    while (!(await reader.read()).done);
  } catch {
    // Its API was killed: the job goes on without a watcher, which is what is looked at.
  }
}
