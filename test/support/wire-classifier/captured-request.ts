import type { GenerationBody } from '../../../formats/generation.js'
import { decodeBody } from '../../../wire/generation-body.js'
import type { CapturedConnection } from './capturing-relay.js'

/** A request for a generation, as a prover sees it. */
export interface CapturedRequest {
  readonly connection: CapturedConnection
  /** Requests that came over the same connection before it. */
  readonly onConnection: number
  /** As they stand there, in their order. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly bodyText: string
  readonly body: GenerationBody
  /** When it was there, whole. */
  readonly arrivedMs: number
  /** How long after it its `taken` came; null: none did. */
  takenMs: number | null
}

/** The generations that a prover was asked for, by their arrival. */
export function generationsOf(connections: readonly CapturedConnection[]): CapturedRequest[] {
  const found: CapturedRequest[] = []
  const taken = new Map<string, number>()
  for (const connection of connections) {
    const text = connection.sent.toString('utf8')
    const messages = text.split(/(?=POST \/v1\/)/)
    for (const [i, message] of messages.entries()) {
      const [line = '', ...rest] = message.split('\r\n')
      const arrivedMs = connection.chunkMs.at(-1) ?? connection.openedMs
      const confirmed = /^POST \/v1\/generations\/([^/]+)\/taken /.exec(line)?.[1]
      if (confirmed !== undefined) taken.set(confirmed, arrivedMs)
      if (!line.startsWith('POST /v1/generate ')) continue
      const end = rest.indexOf('')
      const headers = rest.slice(0, end).map((header) => {
        const colon = header.indexOf(': ')
        return [header.slice(0, colon), header.slice(colon + 2)] as const
      })
      const bodyText = rest.slice(end + 1).join('\r\n')
      // One that was cancelled before it was there is no request.
      const announced = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1]
      if (Buffer.byteLength(bodyText) !== Number(announced)) continue
      const body = decodeBody(Buffer.from(bodyText))
      const takenMs = null
      found.push({ connection, onConnection: i, headers, bodyText, body, arrivedMs, takenMs })
    }
  }
  for (const request of found) {
    const at = taken.get(request.body.request_id)
    request.takenMs = at === undefined ? null : at - request.arrivedMs
  }
  return found.sort((a, b) => a.arrivedMs - b.arrivedMs)
}
