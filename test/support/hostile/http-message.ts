import type { Draw } from './draw.js'

/** A message of HTTP/1.1, about to be framed in one way or another. */
export interface Message {
  /** Without a line break: `GET / HTTP/1.1`, `HTTP/1.1 200 OK`. */
  start: string
  headers: [name: string, value: string][]
  body: Buffer
}

function withHead({ start, headers }: Message, more: readonly string[], body: Buffer): Buffer {
  const lines = [start, ...headers.map(([name, value]) => `${name}: ${value}`), ...more]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body])
}

/** In chunks of drawn sizes. */
export function chunked(draw: Draw, body: Buffer, most = 400): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const size = Math.min(body.length - at, draw.int(1, draw.pick([1, 30, most, body.length])))
    const extension = draw.chance(5) ? `;x="${draw.below(100)}"` : ''
    parts.push(Buffer.from(`${size.toString(16)}${extension}\r\n`))
    parts.push(body.subarray(at, at + size), Buffer.from('\r\n'))
    at += size
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

const CHUNKED = 'Transfer-Encoding: chunked'
type Framing = (draw: Draw, message: Message) => Buffer

const SOUND: Readonly<Record<string, Framing>> = {
  'with its length': (_, message) =>
    withHead(message, [`Content-Length: ${message.body.length}`], message.body),
  'in chunks': (draw, message) => withHead(message, [CHUNKED], chunked(draw, message.body)),
}

const UNSOUND: Readonly<Record<string, Framing>> = {
  'too short a length': (draw, message) =>
    withHead(message, [`Content-Length: ${draw.below(message.body.length + 1)}`], message.body),
  'too great a length': (draw, message) =>
    withHead(message, [`Content-Length: ${message.body.length + draw.int(1, 999)}`], message.body),
  'no length': (_, message) => withHead(message, [], message.body),
  'two lengths': (draw, message) => {
    const { length } = message.body
    const lengths = [length, draw.pick([length, length + 1, 0])]
    return withHead(
      message,
      lengths.map((each) => `Content-Length: ${each}`),
      message.body,
    )
  },
  'a length that is none': (draw, message) => {
    const length = draw.pick(['-1', '1e3', '0x10', '', ' ', '9'.repeat(30), '1,1', '+5'])
    return withHead(message, [`Content-Length: ${length}`], message.body)
  },
  'a length and chunks': (draw, message) =>
    withHead(
      message,
      [`Content-Length: ${message.body.length}`, CHUNKED],
      chunked(draw, message.body),
    ),
  'chunks that are none': (_, message) => withHead(message, [CHUNKED], message.body),
  'chunks without an end': (draw, message) =>
    withHead(message, [CHUNKED], chunked(draw, message.body).subarray(0, -5)),
  'a chunk too large': (draw, message) => {
    const size = draw.pick(['ffffffff', 'ffffffffffffffff', '-1', 'zz', '0x10', ' 5', '00000005'])
    return withHead(message, [CHUNKED], Buffer.concat([Buffer.from(`${size}\r\n`), message.body]))
  },
  trailers: (draw, message) => {
    const chunks = chunked(draw, message.body).subarray(0, -2)
    const lines = `X-Trailer: ${'t'.repeat(draw.pick([1, 100, 20_000]))}\r\n`
    return withHead(message, [CHUNKED], Buffer.concat([chunks, Buffer.from(`${lines}\r\n`)]))
  },
  'another transfer': (draw, message) => {
    const how = draw.pick([
      'gzip',
      'gzip, chunked',
      'chunked, chunked',
      'identity',
      'x',
      'Chunked ',
    ])
    return withHead(message, [`Transfer-Encoding: ${how}`], chunked(draw, message.body))
  },
}

/** A message as its bytes, framed as it ought to be. */
export function framed(draw: Draw, message: Message): Buffer {
  return draw.pick(Object.values(SOUND))(draw, message)
}

/** A message as its bytes, framed in some way or other. */
export function oddlyFramed(draw: Draw, message: Message): Buffer {
  return draw.named(UNSOUND)(draw, message)
}

/** Lines that no client or server of ours sends; some are no headers. */
export const ODD_LINES = [
  ['X', 'y'.repeat(4_000)],
  ['X', 'y'.repeat(20_000)],
  ['X', 'a\0b'],
  ['X', '\u00ff\u00fe'],
  ['X\r\n Y', 'folded'],
  ['no colon\r\nX', 'y'],
  [' X', 'leading space'],
  ['X ', 'space before the colon'],
  ['', 'no name'],
  ['Connection', 'upgrade'],
  ['Connection', 'keep-alive, close, x'],
  ['Upgrade', 'h2c'],
  ['Expect', '100-continue'],
  ['Expect', 'the-unexpected'],
  ['Content-Encoding', 'gzip'],
  ['Content-Type', 'text/html; charset=utf-7'],
  ['Trailer', 'X'],
  ['Keep-Alive', 'timeout=999999'],
  ['Location', 'http://127.0.0.1:1/'],
  ['Set-Cookie', 'a=b'],
] as const satisfies readonly (readonly [string, string])[]
