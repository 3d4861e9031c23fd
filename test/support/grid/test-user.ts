import assert from 'node:assert/strict'
import type { Grid } from '../../../dev/grid/grid.js'
import { runCli } from '../../cli/run-cli.js'

/** What it asks for. */
export const PROMPT = 'a blue circle moves left on a white background'
const WAIT_SECONDS = 10
const NO_LIMITS = ['--rate', '0', '--concurrent', '0']

interface Video {
  readonly id: string
  readonly status: string
}

/** What a user needs of a `TestGrid`. */
interface Asked {
  readonly grid: Grid
  patient<T>(what: string, look: () => Promise<T | null | false>): Promise<T>
}

/** A user of the API, who asks again until there is an answer. */
export class TestUser {
  /** Ids of all that was asked for; each settles with the API's first answer. */
  readonly videos: Promise<string>[] = []

  private constructor(
    private readonly site: Asked,
    readonly key: string,
  ) {}

  /** With a key by the command that runs the grid. */
  static async make(site: Asked): Promise<TestUser> {
    const { code, stdout, stderr } = await runCli(
      ['key', 'create', 'a user', ...NO_LIMITS, '--json'],
      { bin: site.grid.bin, env: { DATABASE_URL: site.grid.databaseUrl } },
    )
    assert.equal(code, 0, stderr)
    return new TestUser(site, (JSON.parse(stdout) as { key: string }).key)
  }

  /** @returns null unless the API answers with success */
  async call(
    route: string,
    init: { method?: string; body?: string; headers?: Record<string, string> } = {},
  ) {
    const headers = {
      'content-type': 'application/json',
      authorization: `Bearer ${this.key}`,
      ...init.headers,
    }
    const answer = await fetch(`${this.site.grid.apiUrl}${route}`, { ...init, headers })
    if (answer.ok) return (await answer.json()) as Video
    // A fault of the test, that time does not mend.
    if (answer.status === 400) console.warn(`      ${route}: ${await answer.text()}`)
    return null
  }

  /** What stands at a route, byte for byte. */
  async text(route: string): Promise<string> {
    const headers = { authorization: `Bearer ${this.key}` }
    const answer = await fetch(`${this.site.grid.apiUrl}${route}`, { headers })
    assert.ok(answer.ok, `${route}: ${answer.status}`)
    return answer.text()
  }

  /**
   * As a client does that must not ask twice: with the same key until there is an answer.
   * @param options.waits for the video: it is made without a workflow then, if nothing comes between
   */
  ask(name: string, { waits = false } = {}): Promise<string> {
    const body = JSON.stringify({ prompt: PROMPT })
    const headers = {
      'idempotency-key': name.replaceAll(/\W+/g, '-'),
      ...(waits ? { prefer: `wait=${WAIT_SECONDS}` } : {}),
    }
    const asked = this.site
      .patient(`the API to take ${name}`, () =>
        this.call('/v1/videos', { method: 'POST', body, headers }),
      )
      .then(({ id }) => id)
    // Looked at by `assertVideos`.
    asked.catch(() => undefined)
    this.videos.push(asked)
    return asked
  }

  /** @returns `completed` or `failed` */
  ended(video: string): Promise<string> {
    return this.site.patient(`${video} to end`, async () => {
      const found = await this.call(`/v1/videos/${video}`)
      return found !== null && ['completed', 'failed'].includes(found.status) && found.status
    })
  }

  async assertCompleted(video: string): Promise<void> {
    assert.equal(await this.ended(video), 'completed', video)
  }

  /** That what was completed can be had: an MP4. */
  async assertHad(video: string): Promise<void> {
    const headers = { authorization: `Bearer ${this.key}` }
    const file = await this.site.patient(`the file of ${video}`, async () => {
      const answer = await fetch(`${this.site.grid.apiUrl}/v1/videos/${video}/content`, { headers })
      return answer.ok && Buffer.from(await answer.arrayBuffer())
    })
    assert.equal(file.toString('latin1', 4, 8), 'ftyp', video)
  }
}
