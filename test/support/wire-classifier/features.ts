import type { CapturedRequest } from './captured-request.js'

/** What a classifier is told of a request: numbers by name, words by their presence. `group/name`. */
export type Features = ReadonlyMap<string, number>

export interface Clock {
  /** When the first block of the interval came: milliseconds since the epoch. */
  readonly startedMs: number
  readonly blockMs: number
  readonly intervalMs: number
}

const WORD_BUCKETS = 512
/** As one that never was. */
const LONG_AGO_MS = 60_000

/**
 * All that a prover could go by: what it was sent, how, when, and what it had seen before and saw afterwards.
 * @param requests of one prover, by arrival
 */
export function featuresOf(requests: readonly CapturedRequest[], clock: Clock): Features[] {
  const seen = new Set<string>()
  return requests.map((request, i) => {
    const features = new Map<string, number>()
    const note = (name: string, value: number) => features.set(name, value)
    bodyFeatures(request, note)
    headerFeatures(request, requests[i - 1], note)
    timeFeatures(request, clock, note)
    gapFeatures(requests, i, note)
    streamFeatures(request, note)
    const { query, private_input } = request.body
    note('words/seen before', seen.has(query) ? 1 : 0)
    seen.add(query)
    for (const word of wordsOf(query)) note(`words/${word}`, 1)
    for (const word of wordsOf(private_input.negative_prompt)) note(`words/not ${word}`, 1)
    return features
  })
}

type Note = (name: string, value: number) => void

function bodyFeatures({ body, bodyText }: CapturedRequest, note: Note): void {
  const { sampling_params: sampling, query, private_input, deadline_ms, model, request_id } = body
  note('body/bytes', bodyText.length)
  note('body/prompt bytes', Buffer.byteLength(query))
  note('body/prompt words', query.split(/\s+/).length)
  note('body/capital', /^[A-Z]/.test(query) ? 1 : 0)
  note('body/full stop', query.endsWith('.') ? 1 : 0)
  note('body/negative bytes', Buffer.byteLength(private_input.negative_prompt))
  note('body/deadline', deadline_ms)
  for (const [name, value] of Object.entries(sampling)) note(`body/${name}`, value)
  note('body/seed parity', sampling.seed % 2)
  note('body/small seed', sampling.seed < 65_536 ? 1 : 0)
  note('body/members', hash(Object.keys(body).join() + Object.keys(sampling).join()))
  note('body/model', hash(model))
  note('body/id', Number.parseInt(request_id.slice(0, 8), 16))
  note('body/id tail', Number.parseInt(request_id.slice(-8), 16))
}

function headerFeatures(
  { headers, connection, onConnection, arrivedMs }: CapturedRequest,
  before: CapturedRequest | undefined,
  note: Note,
): void {
  note('headers/count', headers.length)
  note('headers/order', hash(headers.map(([name]) => name).join()))
  for (const [name, value] of headers) {
    note(`headers/${name} length`, value.length)
    // What differs with every request says nothing by its value.
    if (!/nonce|signature|length/i.test(name)) note(`headers/${name}`, hash(value))
  }
  const nonce = headers.find(([name]) => name.toLowerCase() === 'x-bittensor-nonce')?.[1]
  if (nonce !== undefined) {
    note('speed/nonce age', arrivedMs - Number(BigInt(nonce) / 1_000_000n))
    note('headers/nonce tail', Number(BigInt(nonce) % 1_000_000n))
  }
  note('connection/requests before', onConnection)
  note('connection/source', hash(connection.sourceIp))
  note('connection/port parity', connection.sourcePort % 2)
  note('connection/port', connection.sourcePort)
  note(
    'connection/port step',
    before === undefined ? 0 : connection.sourcePort - before.connection.sourcePort,
  )
  note('speed/chunks', connection.chunkMs.length)
  note('speed/until sent', arrivedMs - connection.openedMs)
}

function timeFeatures({ arrivedMs }: CapturedRequest, clock: Clock, note: Note): void {
  const since = arrivedMs - clock.startedMs
  note('time/in block', (since % clock.blockMs) / clock.blockMs)
  note('time/in interval', (since % clock.intervalMs) / clock.intervalMs)
  note('time/in second', arrivedMs % 1000)
  note('time/in 10 ms', arrivedMs % 10)
}

function gapFeatures(requests: readonly CapturedRequest[], i: number, note: Note): void {
  const { arrivedMs } = requests[i]!
  const before = requests.slice(0, i)
  const gap = (ms: number) => Math.log1p(Math.max(0, Math.min(LONG_AGO_MS, ms)))
  const since = (ms: number | undefined) => gap(ms === undefined ? LONG_AGO_MS : arrivedMs - ms)
  note('gaps/since last', since(before.at(-1)?.arrivedMs))
  note('gaps/since last but one', since(before.at(-2)?.arrivedMs))
  const next = requests[i + 1]?.arrivedMs
  note('gaps/until next', gap(next === undefined ? LONG_AGO_MS : next - arrivedMs))
  const ended = before.flatMap(({ connection: { closedMs } }) =>
    closedMs !== null && closedMs <= arrivedMs ? [closedMs] : [],
  )
  note('gaps/since an end', since(ended.length === 0 ? undefined : Math.max(...ended)))
  note('order/in flight', before.length - ended.length)
  note('order/in last 5 s', before.filter((other) => arrivedMs - other.arrivedMs < 5_000).length)
}

function streamFeatures({ connection, takenMs, arrivedMs }: CapturedRequest, note: Note): void {
  const { callerClosedMs, closedMs, lastAnswerMs, receivedBytes } = connection
  note('speed/taken', takenMs === null ? -1 : takenMs)
  note('stream/caller closed', callerClosedMs === null ? 0 : 1)
  note('stream/answer bytes', receivedBytes)
  note('speed/open', closedMs === null ? -1 : closedMs - arrivedMs)
  note('speed/after answer', closedMs === null ? -1 : closedMs - (lastAnswerMs ?? arrivedMs))
}

function wordsOf(text: string): Set<number> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}’]+/gu) ?? []
  const pairs = words.slice(1).map((word, i) => `${words[i]} ${word}`)
  return new Set([...words, ...pairs].map((word) => hash(word) % WORD_BUCKETS))
}

/** FNV-1a. */
function hash(text: string): number {
  let value = 0x811c9dc5
  for (let i = 0; i < text.length; i += 1) {
    value = Math.imul(value ^ text.charCodeAt(i), 0x01000193) >>> 0
  }
  return value
}
