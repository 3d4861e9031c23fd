import { STREAM_MEDIA_TYPE } from '../../../wire/limits.js'
import type { Draw } from './draw.js'
import { framed, type Message, ODD_LINES, oddlyFramed } from './http-message.js'
import { inPieces, mutateBytes } from './mutate-bytes.js'
import { mutateJson } from './mutate-json.js'
import { mutateRecords } from './records.js'

/** What a server sends, and how it leaves. */
export interface HostileAnswer {
  readonly pieces: readonly Buffer[]
  /** `endless`: the last piece again and again, until the reader has enough. */
  readonly end: 'close' | 'reset' | 'silence' | 'endless'
}

export interface Answering {
  /** What an honest one answers. */
  readonly body: Buffer
  readonly mediaType: string
  /** Changes what the body says. */
  readonly mutate: (draw: Draw, body: Buffer) => Buffer
}

/** A stream of records. */
export function streamAnswer(body: Buffer): Answering {
  return { body, mediaType: STREAM_MEDIA_TYPE, mutate: mutateRecords }
}

/** A JSON object. */
export function jsonAnswer(value: object): Answering {
  const mutate = (draw: Draw) => mutateJson(draw, value)
  return { body: Buffer.from(JSON.stringify(value)), mediaType: 'application/json', mutate }
}

const STATUSES = [
  ...[100, 101, 103, 199, 201, 202, 204, 205, 206, 226, 300, 301, 304, 307, 308],
  ...[
    400, 401, 403, 404, 409, 410, 413, 418, 422, 429, 451, 499, 500, 502, 503, 504, 599, 600, 999,
  ],
]
const REFUSALS = [
  ...['queue_full', 'stale', 'before_start', 'malformed', 'bad_signature', 'no_permit', 'conflict'],
  ...[
    'not_registered',
    'invalid_request',
    'unknown_request',
    'too_late',
    'opened_twice',
    'unknown',
    '',
  ],
  ...['cancelled', 'own_fault', 'own_clock', '\u001b[31m', 'c'.repeat(65)],
]
const RETRY_AFTER = ['7', '0', '-1', '1e9', '0x10', 'soon', '99999999999999999999', '1.5', '']
const TAKEN = {
  request_id: '00000000-0000-4000-8000-000000000001',
  caller: '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY',
  nonce: '1752076800000000000',
  signature: `0x${'ab'.repeat(64)}`,
}
const FIRST_LINES = [
  ...['HTTP/1.1 200', 'HTTP/1.0 200 OK', 'HTTP/2 200 OK', 'http/1.1 200 OK', 'HTTP/1.1 2 OK'],
  ...[
    'HTTP/1.1  200 OK',
    'HTTP/1.1 200 O\0K',
    'ICY 200 OK',
    '',
    '200 OK',
    `HTTP/1.1 200 ${'O'.repeat(20_000)}`,
  ],
]
const FLOODS = [
  'HTTP/1.1 103 Early Hints\r\nLink: y\r\n\r\n',
  'HTTP/1.1 200 OK\r\n',
  'X: y\r\n',
  '5\r\nnever\r\n',
  '1;',
  '\r\n',
  '\0'.repeat(100),
]

type Course = (draw: Draw, answering: Answering) => HostileAnswer

function message({ body, mediaType }: Answering): Message {
  return { start: 'HTTP/1.1 200 OK', headers: [['Content-Type', mediaType]], body }
}

/** Sent whole or in pieces; now and then it does not end properly. */
function sent(draw: Draw, bytes: Buffer): HostileAnswer {
  const end = draw.chance(90) ? 'close' : draw.pick(['reset', 'silence'] as const)
  return { pieces: draw.chance(50) ? [bytes] : inPieces(draw, bytes), end }
}

const COURSES: Readonly<Record<string, Course>> = {
  'another body': (draw, answering) => {
    const body = answering.mutate(draw, answering.body)
    return sent(draw, framed(draw, message({ ...answering, body })))
  },
  'another framing': (draw, answering) => sent(draw, oddlyFramed(draw, message(answering))),
  'odd headers': (draw, answering) => {
    const { headers, ...rest } = message(answering)
    const [name, value] = draw.pick(ODD_LINES)
    headers.splice(draw.below(2), draw.chance(20) ? 1 : 0, [name, value])
    return sent(draw, framed(draw, { headers, ...rest }))
  },
  'a refusal': (draw) => {
    const status = draw.pick(STATUSES)
    const value = {
      error: { code: draw.pick(REFUSALS), message: draw.pick(['no', '\u001b[2J\u202e\n', '']) },
      taken: draw.pick([undefined, null, [], [TAKEN], Array(300).fill(TAKEN), 'x']),
    }
    const body = draw.chance(40) ? mutateJson(draw, value) : Buffer.from(JSON.stringify(value))
    const headers: Message['headers'] = [['Content-Type', 'application/json']]
    if (draw.chance(50)) headers.push(['Retry-After', draw.pick(RETRY_AFTER)])
    draw.notes.push(String(status))
    return sent(draw, framed(draw, { start: `HTTP/1.1 ${status} No`, headers, body }))
  },
  'no first line': (draw, answering) => {
    const start = draw.pick(FIRST_LINES)
    return sent(draw, framed(draw, { ...message(answering), start }))
  },
  'changed bytes': (draw, answering) =>
    sent(draw, mutateBytes(draw, framed(draw, message(answering)))),
  noise: (draw) => sent(draw, draw.bytes(draw.int(0, 300))),
  'no end': (draw, answering) => {
    const whole = framed(draw, message(answering))
    const flood = Buffer.from(draw.pick(FLOODS).repeat(50), 'latin1')
    return { pieces: [whole.subarray(0, draw.below(whole.length + 1)), flood], end: 'endless' }
  },
}

/** What a hostile server answers in place of what it ought to. */
export function drawAnswer(draw: Draw, answering: Answering): HostileAnswer {
  return draw.named(COURSES)(draw, answering)
}

/** What an honest one sends. */
export function honestAnswer(draw: Draw, answering: Answering): HostileAnswer {
  const bytes = framed(draw, message(answering))
  return { pieces: inPieces(draw, bytes), end: 'close' }
}
