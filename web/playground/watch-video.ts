import { createParser } from 'eventsource-parser'
import { ask, Problem } from '../api.js'
import type { VideoEvent } from '../api-types.js'

const AGAIN_MS = 1_000
/** The server says something every 15 s: after two of those the connection is dead, though nobody closed it. */
const SILENCE_MS = 30_000

/** What tells something of the video itself. */
export type VideoNews = Exclude<VideoEvent, { readonly type: 'server.stopping' }>

const LOST = new Problem('connection_lost', 'The video is made all the same.', {
  hint: 'It appears here when the API answers again.',
})

/**
 * Follows a video until it has ended, through broken connections: each new one goes on after the last
 * event that came. EventSource can't do it, because it sends no key.
 * @param tellLost why there is no connection now; null when there is one again
 * @throws Problem when the API refuses; whoever aborts gets the signal's reason
 */
export async function watchVideo(
  id: string,
  tell: (event: VideoNews) => void,
  tellLost: (problem: Problem | null) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastId: string | undefined
  for (;;) {
    const silence = new AbortController()
    let timer: number | undefined
    const heard = (): void => {
      clearTimeout(timer)
      timer = window.setTimeout(() => silence.abort(), SILENCE_MS)
    }
    try {
      heard()
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (lastId !== undefined) headers['Last-Event-ID'] = lastId
      const res = await ask(`/v1/videos/${id}/events`, {
        headers,
        signal: AbortSignal.any([signal, silence.signal]),
      })
      tellLost(null)
      let ended = res.status === 204
      const parser = createParser({
        onEvent: (event) => {
          if (event.id !== undefined) lastId = event.id
          const data = JSON.parse(event.data) as VideoEvent
          // The stream ends with it, and the next one is another server's.
          if (data.type === 'server.stopping') return
          ended ||= data.type === 'video.completed' || data.type === 'video.failed'
          tell(data)
        },
      })
      const text = res.body?.pipeThrough(new TextDecoderStream())
      if (text != null) {
        for await (const part of text) {
          heard()
          parser.feed(part)
        }
      }
      if (ended) return
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500) throw thrown
      tellLost(LOST)
    } finally {
      clearTimeout(timer)
    }
    await pause(AGAIN_MS, signal)
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(signal.reason)
    })
  })
}
