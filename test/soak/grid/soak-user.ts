import assert from 'node:assert/strict'
import { createApiKey } from '../../../ledger/keys/api-keys.js'
import type { SoakGrid } from './soak-grid.js'

const PROMPT = 'a blue circle moves left on a white background'
const NO_LIMITS = { requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0 }

interface Video {
  readonly id: string
  readonly status: string
}

/** A user of the API, who asks again until there is an answer. */
export class SoakUser {
  /** Ids of all that was asked for; each settles with the API's first answer. */
  readonly videos: Promise<string>[] = []

  private constructor(
    private readonly soak: SoakGrid,
    readonly key: string,
  ) {}

  static async make(soak: SoakGrid): Promise<SoakUser> {
    const scopes = ['generate' as const, 'read' as const]
    const about = { name: 'a user', scopes, ...NO_LIMITS, reusePrompts: true }
    return new SoakUser(soak, (await createApiKey(soak.db, about)).secret)
  }

  /** @returns null unless the API answers with success */
  async call(route: string, init: { method?: string; body?: string; once?: string } = {}) {
    const { once, ...request } = init
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      authorization: `Bearer ${this.key}`,
    }
    if (once !== undefined) headers['idempotency-key'] = once
    const answer = await fetch(`${this.soak.grid.apiUrl}${route}`, { ...request, headers })
    if (answer.ok) return (await answer.json()) as Video
    // A fault of the test, that time does not mend.
    if (answer.status === 400) console.warn(`      ${route}: ${await answer.text()}`)
    return null
  }

  /** As a client does that must not ask twice: with the same key until there is an answer. */
  ask(name: string): Promise<string> {
    const body = JSON.stringify({ prompt: PROMPT })
    const once = name.replaceAll(/\W+/g, '-')
    const asked = this.soak
      .patient(`the API to take ${name}`, () =>
        this.call('/v1/videos', { method: 'POST', body, once }),
      )
      .then(({ id }) => id)
    // Looked at by `assertVideos`.
    asked.catch(() => undefined)
    this.videos.push(asked)
    return asked
  }

  /** @returns `completed` or `failed` */
  ended(video: string): Promise<string> {
    return this.soak.patient(`${video} to end`, async () => {
      const found = await this.call(`/v1/videos/${video}`)
      return found !== null && ['completed', 'failed'].includes(found.status) && found.status
    })
  }

  async assertCompleted(video: string): Promise<void> {
    assert.equal(await this.ended(video), 'completed', video)
  }
}
