import type { Signer } from '../../../base/sr25519.js'
import type { GenerationBody } from '../../../formats/generation.js'
import { freshNonce, signRequest } from '../../../wire/btauth.js'
import type { Draw } from './draw.js'
import { framed, type Message, ODD_LINES, oddlyFramed } from './http-message.js'
import { inPieces, mutateBytes } from './mutate-bytes.js'
import { mutateJson } from './mutate-json.js'

/** Who asks, and whom. */
export interface Asking {
  /** Registered, with a permit and without one. */
  readonly callers: readonly Signer[]
  readonly stranger: Signer
  /** ss58 of the prover. */
  readonly receiver: string
  /** A valid body, with an id that no other case has. */
  body(): GenerationBody
}

export interface HostileRequest {
  readonly pieces: readonly Buffer[]
  /** How many connections send it at the same time. */
  readonly copies: number
  /** What a registered caller signed: nothing else may ever be generated. */
  readonly signedBody: Buffer | null
  /** Its status and code; null: anything but a failure of the prover. */
  readonly expected: RegExp | null
}

/** A request about to be signed, or just signed. */
interface Signed {
  method: string
  target: string
  body: Buffer
  headers: Record<string, string>
}

interface Parts {
  method?: string
  target?: string
  body?: Buffer
  nonce?: bigint
  receiver?: string
  signer?: Signer
}

function sign(draw: Draw, asking: Asking, parts: Parts = {}): Signed {
  const { method = 'POST', target = '/v1/generate', nonce = freshNonce() } = parts
  const { receiver = asking.receiver, signer = draw.pick(asking.callers) } = parts
  const body = parts.body ?? Buffer.from(JSON.stringify(asking.body()))
  const headers = signRequest({ signer, receiver, method, target, body, nonce })
  return { method, target, body, headers }
}

function messageOf({ method, target, body, headers }: Signed): Message {
  const lines: Message['headers'] = [
    ['Host', 'x'],
    ['Connection', 'close'],
    ...Object.entries(headers),
  ]
  return { start: `${method} ${target} HTTP/1.1`, headers: lines, body }
}

function sent(draw: Draw, bytes: Buffer): Pick<HostileRequest, 'pieces' | 'copies'> {
  return { pieces: draw.chance(50) ? [bytes] : inPieces(draw, bytes), copies: 1 }
}

/** As a client writes any text into a header: its bytes. */
function latin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}

const HEX = '0123456789abcdef'

/** The same text with one character changed to another of its kind. */
function oneCharacter(draw: Draw, text: string): string {
  const at = draw.int(text.startsWith('0x') ? 2 : 0, text.length - 1)
  const kind = /^0x/.test(text)
    ? HEX
    : /^\d+$/.test(text)
      ? '0123456789'
      : 'ABCDEFGHJKLMNPQRSTUVWXYZ'
  const other = [...kind].filter((character) => character !== text[at])
  return `${text.slice(0, at)}${draw.pick(other)}${text.slice(at + 1)}`
}

const TEXTS = ['', ' ', '-', '0', '1,1', 'null', '\u00e9', 'x'.repeat(5_000), '0x', '1e18', '🦊']
const SPELLINGS: Readonly<Record<string, (draw: Draw, text: string) => string>> = {
  'one character': oneCharacter,
  'another text': (draw) => draw.pick(TEXTS),
  'upper case': (_, text) => `${text.toUpperCase()}Z`,
  'a character less': (_, text) => text.slice(0, -1),
  'a character more': (draw, text) => `${text}${draw.pick([...HEX])}`,
  'a zero before it': (_, text) => `0${text}`,
  'twice, with a comma': (_, text) => `${text}, ${text}`,
}
/** In the order in which the text that is signed has them, and the crypto, which it names. */
const HEADERS = ['Version', 'Hotkey', 'Receiver', 'Nonce', 'Signature', 'Crypto'] as const

/** One part of a signed request, changed after it was signed. */
const UNSIGNED: Readonly<Record<string, (draw: Draw, signed: Signed, asking: Asking) => void>> = {
  'a header': (draw, { headers }) => {
    const name = `X-Bittensor-${draw.pick(HEADERS)}`
    draw.notes.push(name)
    const text = draw.named(SPELLINGS)(draw, headers[name] ?? 'sr25519')
    // An empty crypto is none, which is allowed.
    headers[name] = text.trim() === '' && name.endsWith('Crypto') ? '-' : latin1(text)
  },
  'a header less': (draw, { headers }) => {
    const name = draw.pick(Object.keys(headers))
    draw.notes.push(name)
    delete headers[name]
  },
  'another sender': (_, { headers }, { stranger }) => {
    headers['X-Bittensor-Hotkey'] = stranger.ss58
  },
  'itself as the sender': (_, { headers }, { receiver }) => {
    headers['X-Bittensor-Hotkey'] = receiver
  },
  'a signature of another request': (draw, signed, asking) => {
    signed.headers['X-Bittensor-Signature'] = sign(draw, asking).headers['X-Bittensor-Signature']!
  },
  'another nonce': (_, { headers }) => {
    headers['X-Bittensor-Nonce'] = freshNonce().toString()
  },
  'another query': (draw, signed) => {
    signed.target += draw.pick(['?', '?a=1', '?%00'])
  },
  'another body': (draw, signed) => {
    signed.body = mutateBytes(draw, signed.body)
  },
  'no body': (_, signed) => {
    signed.body = Buffer.alloc(0)
  },
}

function later(seconds: number): bigint {
  return freshNonce() + BigInt(seconds) * 1_000_000_000n
}

/** Signed with a text that is none of its own. */
const MISSIGNED: Readonly<Record<string, (draw: Draw, asking: Asking) => Parts>> = {
  'for another prover': (_, { stranger }) => ({ receiver: stranger.ss58 }),
  'for nobody': () => ({ receiver: '-' }),
  // By strangers: a registered caller whose clock is wrong is noted.
  'long ago': (draw, { stranger }) => ({
    signer: stranger,
    nonce: later(-draw.int(11, 4_000_000)),
  }),
  'in the future': (draw, { stranger }) => ({
    signer: stranger,
    nonce: later(draw.int(3, 4_000_000)),
  }),
  'at no time': (draw) => ({ nonce: draw.pick([0n, 1n, 2n ** 63n, 2n ** 64n, 10n ** 30n]) }),
}

const PATHS = [
  ...[
    '/v1/generate',
    '/v1/info',
    '/healthz',
    '/readyz',
    '/metrics',
    '/',
    '',
    '*',
    '//',
    '/v1/generate/',
  ],
  ...['/v1/generations/x/open', '/v1/generations/00000000-0000-4000-8000-000000000001/open'],
  ...['/v1/generations/00000000-0000-4000-8000-000000000001/taken', '/v1/generations//taken'],
  ...[
    '/v1/generations/%00/open',
    '/v1/../metrics',
    '/%2e%2e/metrics',
    'http://evil/v1/info',
    '\\metrics',
  ],
  ...['/v1/info?x=1', '/v1/info#x', `/${'a'.repeat(9_000)}`, '/v1/generate?', '/v1/génération'],
]
const METHODS = [
  'GET',
  'POST',
  'HEAD',
  'PUT',
  'DELETE',
  'OPTIONS',
  'TRACE',
  'CONNECT',
  'get',
  'M',
  '',
]

type Course = (draw: Draw, asking: Asking) => HostileRequest

const COURSES: Readonly<Record<string, Course>> = {
  'one part changed': (draw, asking) => {
    const signed = sign(draw, asking)
    draw.named(UNSIGNED)(draw, signed, asking)
    const bytes = framed(draw, messageOf(signed))
    return { ...sent(draw, bytes), signedBody: null, expected: /^(401 [a-z_]+|400|431)$/ }
  },
  'signed otherwise': (draw, asking) => {
    const signed = sign(draw, asking, draw.named(MISSIGNED)(draw, asking))
    return { ...sent(draw, framed(draw, messageOf(signed))), signedBody: null, expected: /^401 / }
  },
  'sent many times': (draw, asking) => {
    const signed = sign(draw, asking)
    const bytes = framed(draw, messageOf(signed))
    return { pieces: [bytes], copies: draw.int(2, 4), signedBody: signed.body, expected: null }
  },
  'by a stranger': (draw, asking) => {
    const signed = sign(draw, asking, { signer: asking.stranger })
    const expected = /^403 not_registered$/
    return { ...sent(draw, framed(draw, messageOf(signed))), signedBody: null, expected }
  },
  'another body, signed': (draw, asking) => {
    const { body, target } = signable(draw, asking)
    const signed = sign(draw, asking, { body, target })
    return { ...sent(draw, framed(draw, messageOf(signed))), signedBody: body, expected: null }
  },
  'another framing': (draw, asking) => {
    const signed = sign(draw, asking)
    const bytes = oddlyFramed(draw, messageOf(signed))
    return { ...sent(draw, bytes), signedBody: signed.body, expected: null }
  },
  'odd headers': (draw, asking) => {
    const signed = sign(draw, asking)
    const message = messageOf(signed)
    const [name, value] = draw.pick(ODD_LINES)
    message.headers.splice(draw.below(message.headers.length), 0, [name, value])
    return { ...sent(draw, framed(draw, message)), signedBody: signed.body, expected: null }
  },
  'another address': (draw, asking) => {
    const signed = sign(draw, asking, { target: draw.pick(PATHS), method: draw.pick(METHODS) })
    return {
      ...sent(draw, framed(draw, messageOf(signed))),
      signedBody: signed.body,
      expected: null,
    }
  },
  'changed bytes': (draw, asking) => {
    const signed = sign(draw, asking)
    const bytes = mutateBytes(draw, framed(draw, messageOf(signed)))
    return { ...sent(draw, bytes), signedBody: signed.body, expected: null }
  },
  noise: (draw) => ({
    ...sent(draw, draw.bytes(draw.int(0, 300))),
    signedBody: null,
    expected: null,
  }),
}

/** A body that its sender signed as it is, for one of the three routes that take one. */
function signable(draw: Draw, asking: Asking): { body: Buffer; target: string } {
  const value = asking.body()
  const target = `/v1/generations/${value.request_id}`
  if (draw.chance(70)) return { body: mutateJson(draw, value), target: '/v1/generate' }
  if (draw.chance(50)) {
    return { body: mutateJson(draw, { step: 1, frame: 1 }), target: `${target}/open` }
  }
  return { body: draw.chance(50) ? Buffer.alloc(0) : draw.bytes(5), target: `${target}/taken` }
}

/** What a hostile caller, or a stranger, sends to a prover. */
export function drawRequest(draw: Draw, asking: Asking): HostileRequest {
  return draw.named(COURSES)(draw, asking)
}
