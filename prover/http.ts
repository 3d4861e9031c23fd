import type { IncomingMessage, ServerResponse } from 'node:http'
import { isShredded } from '../base/net/shredded.js'
import type { UnprovenBody } from './unproven-bodies.js'

/** Of records in one piece, unless one alone is larger. */
const PIECE_BYTES = 262_144

/** A watcher that reads nothing for this long is gone: its connection is closed. */
const DRAIN_MS = 30_000

/** Answers with `{ error: { code, message } }`; codes are stable, messages are for people. */
export function refuse(
  res: ServerResponse,
  status: number,
  code: string,
  message: string,
  headers: Record<string, string> = {},
): void {
  sendJson(res, status, { error: { code, message } }, headers)
}

export function sendJson(
  res: ServerResponse,
  status: number,
  value: unknown,
  headers: Record<string, string> = {},
): void {
  if (res.headersSent || res.destroyed) return
  const body = Buffer.from(JSON.stringify(value))
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    ...headers,
  })
  res.end(body)
}

/**
 * Refuses a request before its body has arrived, without keeping a byte of it. A body of up to `maxBytes` is
 * still drained: closing while a client is sending resets the connection, and the answer would be lost.
 */
export async function refuseUnread(
  req: IncomingMessage,
  res: ServerResponse,
  refusal: { status: number; code: string; message: string },
  maxBytes: number,
): Promise<void> {
  const { status, code, message } = refusal
  const body = Buffer.from(JSON.stringify({ error: { code, message } }))
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    Connection: 'close',
  })
  res.write(body)
  let length = 0
  let pieces = 0
  if (announced(req) <= maxBytes) {
    for await (const chunk of chunksOf(req)) {
      length += chunk.length
      pieces += 1
      if (length > maxBytes || isShredded(pieces, length)) break
    }
  }
  res.end()
}

function announced(req: IncomingMessage): number {
  return Number(req.headers['content-length'] ?? 0)
}

/** Leaving the loop early keeps the connection open, for the answer. */
function chunksOf(req: IncomingMessage): AsyncIterable<Buffer> {
  return req.iterator({ destroyOnReturn: false })
}

/**
 * The raw body; or why no more of it is read: it is longer than `maxBytes`, or comes in too many pieces.
 * @param unproven counts it among the bodies of strangers
 * @throws if the connection ends before the body does
 */
export async function readBody(
  req: IncomingMessage,
  maxBytes: number,
  unproven: UnprovenBody,
): Promise<Buffer | 'too_large' | 'shredded'> {
  if (announced(req) > maxBytes) return 'too_large'
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of chunksOf(req)) {
    length += chunk.length
    if (length > maxBytes) return 'too_large'
    if (isShredded(chunks.length, length)) return 'shredded'
    unproven.add(chunk)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Writes bytes as fast as the receiver reads them, never buffering more than the socket does. */
export async function sendStream(
  res: ServerResponse,
  parts: AsyncIterable<Uint8Array>,
): Promise<void> {
  for await (const part of parts) {
    if (res.destroyed) return
    if (!res.write(part)) await drained(res)
  }
  if (!res.destroyed) res.end()
}

/**
 * As many of the records from `first` on as fit in one piece, but at least one: each piece is a write here, and a chunk
 * that the receiver takes by itself.
 */
export function pieceAt(
  records: readonly Buffer[],
  first: number,
): { count: number; bytes: Buffer } {
  let total = records[first]!.length
  let end = first + 1
  while (end < records.length && total + records[end]!.length <= PIECE_BYTES) {
    total += records[end++]!.length
  }
  const together = records.slice(first, end)
  const bytes = together.length === 1 ? together[0]! : Buffer.concat(together, total)
  return { count: together.length, bytes }
}

/** Until it takes more, or is closed. */
function drained(res: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => res.destroy(), DRAIN_MS)
    const end = () => {
      clearTimeout(timer)
      res.off('drain', end).off('close', end)
      resolve()
    }
    res.on('drain', end).on('close', end)
  })
}
