import { randomBytes } from 'node:crypto'
import type { Log } from '../../base/log.js'
import { drawPrompt } from '../../rules/plan/prompts.js'

/** Users of the demo: one request every few seconds, with prompts as people write them. */
export class DemoUsers {
  readonly #apiUrl: string
  readonly #key: string
  readonly #log: Log
  readonly #timer: NodeJS.Timeout
  /** Ids of the jobs that were accepted. */
  readonly accepted: string[] = []

  constructor(apiUrl: string, key: string, everyMs: number, log: Log) {
    this.#apiUrl = apiUrl
    this.#key = key
    this.#log = log
    this.#timer = setInterval(() => void this.#ask(), everyMs)
    void this.#ask()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  async #ask(): Promise<void> {
    const prompt = drawPrompt({ secret: randomBytes(32), blockHash: randomBytes(32) }, 'user')
    try {
      const answer = await fetch(`${this.#apiUrl}/v1/videos`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${this.#key}` },
        body: JSON.stringify({ prompt }),
        signal: AbortSignal.timeout(5000),
      })
      if (!answer.ok) throw new Error(`status ${answer.status}`)
      this.accepted.push(((await answer.json()) as { id: string }).id)
    } catch (error) {
      this.#log.warn({ err: error }, 'a user’s request was not accepted')
    }
  }
}
