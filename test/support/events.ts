import { EventSourceParserStream } from 'eventsource-parser/stream'

/** An event of `/v1/videos/{id}/events`, as far as tests look at it. */
export interface SeenEvent {
  readonly type: string
  readonly id: string | undefined
  readonly data: {
    readonly type: string
    readonly attempt?: string
    readonly index?: number
    readonly video?: {
      readonly id: string
      readonly status: string
      readonly progress: number
      readonly queue_position: number | null
      readonly error: { readonly code: string } | null
    }
  }
}

/** The server-sent events of an answer, as they come; ends with its stream. */
export async function* eventsOf(answer: Response): AsyncGenerator<SeenEvent, void, void> {
  const text = answer.body!.pipeThrough(new TextDecoderStream() as never) as ReadableStream<string>
  for await (const { event, id, data } of text.pipeThrough(new EventSourceParserStream())) {
    yield { type: event ?? 'message', id, data: JSON.parse(data) as SeenEvent['data'] }
  }
}

/** The first event that is as wanted; those before it are passed over, those after it can still be read. */
export async function nextEvent(
  events: AsyncGenerator<SeenEvent, void, void>,
  wanted: (event: SeenEvent) => boolean,
): Promise<SeenEvent> {
  for (;;) {
    const { value, done } = await events.next()
    if (done) throw new Error('the stream ended before the event that was waited for')
    if (wanted(value)) return value
  }
}
