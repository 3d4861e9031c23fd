import { setTimeout as sleep } from 'node:timers/promises'
import { attemptResult } from '../../../activities/video/attempt-result.js'
import { attemptVideo } from '../../../activities/video/attempt-video.js'
import type { SeededRandom } from '../../../dev/sim/random.js'
import { SEED_MAX } from '../../../formats/generation.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { type JobRow, requestCancel } from '../../../ledger/requests/jobs.js'
import { afterAttempt, FIRST_ATTEMPT } from '../../../rules/routing/video-run.js'
import { attempt, newJob } from '../../ledger/fixtures.js'
import { drawCaption, drawNegative } from './captions.js'
import { retried, type TrafficSite } from './traffic-site.js'

const KEYS = 12
/** Share of the requests that their users give up. */
const CANCELLED = 0.06
/** Videos that users ask for, in times of the standard one's steps, frames and width; the standard one most. */
const SHAPES = [
  [1, 1, 1],
  [1, 1, 1],
  [1, 1, 1],
  [2, 1, 1],
  [1, 2, 1],
  [1, 1, 2],
] as const

/** People who ask for videos, each at a moment of its own. */
export class Users {
  constructor(
    private readonly site: TrafficSite,
    private readonly random: SeededRandom,
  ) {}

  /** What they asked for on the day before, of whomever. */
  async history(count: number): Promise<void> {
    const { db, id } = this.site.deps
    for (let i = 0; i < count; i += 1) {
      const job = await this.#job()
      if (this.random.next() >= CANCELLED) continue
      const { inferenceId } = job
      const row = attempt(1, { inferenceId, deadlineMs: 1 })
      await startAttempts(db, id, [row])
      const cancelled = {
        kind: 'failed',
        reason: 'cancelled',
        message: '',
        progressed: false,
      } as const
      const result = attemptResult(cancelled, { resent: false })
      await recordOutcomes(db, id, [{ requestId: row.requestId, verdict: null, ...result }])
    }
  }

  /** Asks independently of each other for so long. @returns when all of it has ended */
  async ask(forMs: number, perSecond: number): Promise<void> {
    const running: Promise<void>[] = []
    const next = () => this.random.exponential(1000 / perSecond)
    for (let ms = next(); ms < forMs; ms += next()) {
      running.push(sleep(ms).then(() => this.#request()))
    }
    await Promise.all(running)
  }

  async #request(): Promise<void> {
    const job = await retried(() => this.#job())
    const gone = new AbortController()
    if (this.random.next() < CANCELLED) {
      const ms = this.random.next() * this.site.msOf(job)
      void sleep(ms, undefined, { signal: gone.signal })
        .then(() => requestCancel(this.site.deps.db, job.id))
        .catch(() => undefined)
    }
    await this.#untilEnd(job)
    gone.abort()
  }

  /** As an inference worker runs it, without making an MP4 in the end. */
  async #untilEnd(job: JobRow): Promise<void> {
    for (let run = FIRST_ATTEMPT; ; ) {
      const input = { jobId: job.id, attempt: run.attempt }
      const end = await retried(() =>
        attemptVideo(this.site.deps, input, new AbortController().signal, () => undefined),
      )
      const step = afterAttempt(run, end)
      if (step.do === 'wait') await sleep(step.ms)
      else if (step.do !== 'attempt') return
      run = step.run
    }
  }

  #job(): Promise<JobRow> {
    const { deps, verifier } = this.site
    const { random } = this
    const { root: _, name, ...standard } = verifier.deps.model
    const [steps, frames, width] = SHAPES[random.below(SHAPES.length)]!
    return newJob(deps.db, deps.id, {
      ...standard,
      model: name,
      steps: steps * standard.steps,
      frames: frames * standard.frames,
      width: width * standard.width,
      seed: random.below(SEED_MAX + 1),
      prompt: drawCaption(random),
      negativePrompt: drawNegative(random),
      apiKeyId: `key ${random.below(KEYS)}`,
    })
  }
}
