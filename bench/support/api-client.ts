import { Agent, type IncomingMessage, request } from 'node:http'
import { EventSourceParserStream } from 'eventsource-parser/stream'

/** Calls an API as an application does, on connections that stay open. */
export class ApiClient {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 })

  constructor(
    private readonly url: string,
    private readonly key: string,
  ) {}

  /** A job, and nothing more. @returns its id */
  async create(body: object = { prompt: 'x' }): Promise<string> {
    const { id } = await this.#json<{ id: string }>('POST', '/v1/videos', body)
    return id
  }

  /** A job, answered when it has ended. */
  async waited(): Promise<void> {
    const headers = { Prefer: 'wait=60' }
    const { status } = await this.#json<{ status: string }>(
      'POST',
      '/v1/videos',
      { prompt: 'x' },
      headers,
    )
    if (status !== 'completed') throw new Error(`the video is ${status}`)
  }

  async streamed(): Promise<void> {
    const body = { prompt: 'x', stream: true }
    await completed(await this.call('POST', '/v1/videos?frames=none', body))
  }

  /** A job, and its events until it has ended. @returns its id */
  async job(): Promise<string> {
    const id = await this.create()
    await completed(await this.call('GET', `/v1/videos/${id}/events?frames=none`))
    return id
  }

  async text(path: string): Promise<string> {
    return Buffer.concat(await (await this.call('GET', path)).toArray()).toString()
  }

  call(
    method: string,
    path: string,
    body?: object,
    more: Readonly<Record<string, string>> = {},
    agent = this.#agent,
  ): Promise<IncomingMessage> {
    const headers = {
      Authorization: `Bearer ${this.key}`,
      'Content-Type': 'application/json',
      ...more,
    }
    return new Promise((resolve, reject) => {
      const req = request(new URL(path, this.url), { method, headers, agent }, resolve)
      req.once('error', reject)
      req.end(body === undefined ? undefined : JSON.stringify(body))
    })
  }

  close(): void {
    this.#agent.destroy()
  }

  async #json<T>(
    method: string,
    path: string,
    body: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<T> {
    const answer = await this.call(method, path, body, headers)
    const text = Buffer.concat(await answer.toArray()).toString()
    if (answer.statusCode !== 200) throw new Error(`${answer.statusCode}: ${text}`)
    return JSON.parse(text) as T
  }
}

async function completed(answer: IncomingMessage): Promise<void> {
  let last = ''
  const text = ReadableStream.from(answer).pipeThrough(new TextDecoderStream() as never)
  for await (const { event } of (text as ReadableStream<string>).pipeThrough(
    new EventSourceParserStream(),
  )) {
    last = event ?? ''
  }
  if (last !== 'video.completed') throw new Error(`the last event is ${last || 'missing'}`)
}
