import { EventSourceParserStream } from 'eventsource-parser/stream'
import type { Video } from '../../api/videos/object.js'

/** An event of `/v1/videos/{id}/events`. */
export interface SeenEvent {
  readonly event: string
  readonly id: string | undefined
  readonly data: SeenData
}

interface SeenData {
  readonly type: string
  /** Of an event that is no frame. */
  readonly video: Video & { error: { code: string } }
  /** The rest is of a frame. */
  readonly video_id: string
  readonly attempt: string
  readonly index: number
  readonly frames: number
  readonly width: number
  readonly height: number
  readonly image: string
  /** Of `server.stopping`. */
  readonly events_url: string
  readonly last_event_id: string | null
  readonly retry_after_ms: number
}

type Events = AsyncGenerator<SeenEvent, void, void>

/** The server-sent events of an answer, as they come; ends with its stream. */
export async function* eventsOf(answer: Response): Events {
  const text = answer.body!.pipeThrough(new TextDecoderStream() as never) as ReadableStream<string>
  for await (const { event, id, data } of text.pipeThrough(new EventSourceParserStream())) {
    yield { event: event ?? 'message', id, data: JSON.parse(data) as SeenData }
  }
}

/** The events up to the first that is as wanted; those after it can still be read. */
export async function readUntil(
  events: Events,
  wanted: (event: SeenEvent) => boolean,
): Promise<SeenEvent[]> {
  const seen: SeenEvent[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done) throw new Error('the stream ended before the event that was waited for')
    seen.push(value)
    if (wanted(value)) return seen
  }
}

/** The first event that is as wanted. */
export async function nextEvent(
  events: Events,
  wanted: (event: SeenEvent) => boolean,
): Promise<SeenEvent> {
  return (await readUntil(events, wanted)).at(-1)!
}
