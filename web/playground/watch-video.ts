import { createParser } from 'eventsource-parser'
import { ask, Problem } from '../api.js'
import type { VideoEvent } from '../api-types.js'

const AGAIN_MS = 1_000

/**
 * Follows a video until it has ended, through broken connections: each new one goes on after the last
 * event that came. EventSource can't do it, because it sends no key.
 * @throws Problem when the API refuses; whoever aborts gets the signal's reason
 */
export async function watchVideo(
  id: string,
  tell: (event: VideoEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  let lastId: string | undefined
  for (;;) {
    try {
      const headers: Record<string, string> = { Accept: 'text/event-stream' }
      if (lastId !== undefined) headers['Last-Event-ID'] = lastId
      const res = await ask(`/v1/videos/${id}/events`, { headers, signal })
      let ended = res.status === 204
      const parser = createParser({
        onEvent: (event) => {
          if (event.id !== undefined) lastId = event.id
          const data = JSON.parse(event.data) as VideoEvent
          ended ||= data.type === 'video.completed' || data.type === 'video.failed'
          tell(data)
        },
      })
      const text = res.body?.pipeThrough(new TextDecoderStream())
      if (text != null) for await (const part of text) parser.feed(part)
      if (ended) return
    } catch (thrown) {
      signal.throwIfAborted()
      if (thrown instanceof Problem && thrown.status >= 400 && thrown.status < 500) throw thrown
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
