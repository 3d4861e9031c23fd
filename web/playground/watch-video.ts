import { createParser } from 'eventsource-parser'
import { ask, Problem } from '../api.js'
import type { VideoEvent } from '../api-types.js'

const AGAIN_MS = 1_000
/**
 * The server sends something every 15 s: after twice that, the connection is dead, even if nobody closed it.
 */
const SILENCE_MS = 30_000

/** Events about the video itself. */
export type VideoNews = Exclude<VideoEvent, { readonly type: 'server.stopping' }>

const LOST = new Problem('connection_lost', 'The video is still being made.', {
  hint: 'It appears here when the API answers again.',
})

/**
 * Follows a video until it has ended, reconnecting as needed: each new connection continues after the last
 * event received. EventSource can't be used, because it can't send a key.
 * @param tellLost called with the reason if the connection is lost; with null once it is back
 * @throws Problem if the API refuses; the signal's reason if aborted
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
          // The stream ends after this, and the next one is from another server.
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
