import type { Request, Response } from 'express'

/** Proxies close connections that are silent for a minute, some for half of one. */
const HEARTBEAT_MS = 15_000
/** How soon a browser comes back after a broken stream. */
const RETRY_MS = 1_000
/** A client that takes nothing for this long is not reading. */
const UNREAD_MS = 30_000

export interface SseOptions {
  readonly heartbeatMs?: number
  readonly unreadMs?: number
  /**
   * Asked at each heartbeat: a client that may no longer listen is cut off. A failed question changes
   * nothing.
   */
  readonly allowed?: () => Promise<boolean>
}

export interface SseEvent {
  readonly event: string
  readonly data: unknown
  readonly id?: string
}

/** The headers of a stream: every proxy on the way must pass each event on as it comes. */
export function setSseHeaders(res: Response): void {
  // Proxies that compress would hold events back until they have enough of them: `no-transform` forbids it.
  res.set({ 'X-Accel-Buffering': 'no', 'Cache-Control': 'no-store, no-cache, no-transform' })
  // Not `res.set`, which adds a charset that this type does not have.
  res.setHeader('Content-Type', 'text/event-stream')
}

/**
 * A stream of server-sent events to one client. Nothing piles up for a slow one: `send` resolves when the
 * client has taken what was sent before, and a client that does not read at all is cut off.
 */
export class SseStream {
  /** Aborted when the client has left, or was cut off. */
  readonly gone: AbortSignal
  readonly #res: Response
  readonly #unreadMs: number
  readonly #heartbeat: NodeJS.Timeout

  constructor(req: Request, res: Response, options: SseOptions = {}) {
    this.#res = res
    this.#unreadMs = options.unreadMs ?? UNREAD_MS
    const gone = new AbortController()
    this.gone = gone.signal
    setSseHeaders(res.status(200))
    // Small events must not wait for each other.
    req.socket.setNoDelay(true)
    res.write(`retry: ${RETRY_MS}\n\n`)
    this.#heartbeat = setInterval(() => {
      // While the client still has to take the last event, the connection is not idle.
      if (res.writableLength === 0) res.write(': keep-alive\n\n')
      options.allowed?.().then(
        (allowed) => {
          // Not the stream's proper end: that would wait for a client that takes nothing.
          if (!allowed) res.destroy()
        },
        () => undefined,
      )
    }, options.heartbeatMs ?? HEARTBEAT_MS)
    const onClose = () => {
      clearInterval(this.#heartbeat)
      gone.abort()
    }
    if (res.closed) onClose()
    else res.once('close', onClose)
  }

  /** Sends an event once the client has room for it. */
  async send({ event, data, id }: SseEvent): Promise<void> {
    if (this.gone.aborted) return
    const idLine = id === undefined ? '' : `id: ${id}\n`
    const more = this.#res.write(`event: ${event}\n${idLine}data: ${JSON.stringify(data)}\n\n`)
    if (!more) await this.#drained()
  }

  end(): void {
    clearInterval(this.#heartbeat)
    this.#res.end()
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(unread)
        this.#res.off('drain', done)
        this.#res.off('close', done)
        resolve()
      }
      const unread = setTimeout(() => this.#res.destroy(), this.#unreadMs)
      this.#res.on('drain', done)
      this.#res.on('close', done)
    })
  }
}
