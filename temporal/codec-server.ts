import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Payload, PayloadCodec } from '@temporalio/common'
import { z } from 'zod'
import { messageOf } from '../base/errors.js'
import { isShredded } from '../base/net/shredded.js'

/** Temporal keeps no larger message, and base64 adds a third. */
const MAX_BODY_BYTES = 16 * 2 ** 20
const REQUEST_MS = 15_000

const base64 = z.base64()
const bodySchema = z.object({
  payloads: z.array(
    z.object({ metadata: z.record(z.string(), base64).default({}), data: base64.default('') }),
  ),
})

export interface CodecServerOptions {
  readonly codec: PayloadCodec
  /** Web pages that may ask: Temporal's UI, as its reader's browser names it. */
  readonly origins: readonly string[]
}

/**
 * A codec server of Temporal's: the web UI and the command line post what they were given to `/decode` and show what
 * comes back. It stores nothing and asks nobody: whoever reaches it can read what was encrypted, so it belongs on
 * 127.0.0.1. A web page is answered only when it is one of `origins`.
 */
export function createCodecServer(options: CodecServerOptions): Server {
  const limits = { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS }
  return createServer(limits, (req, res) => {
    void answer(req, res, options)
  })
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  { codec, origins }: CodecServerOptions,
): Promise<void> {
  const { origin } = req.headers
  if (origin !== undefined) {
    if (!origins.includes(origin)) return end(res, 403, 'this page may not ask: --codec.origins')
    res.setHeader('Access-Control-Allow-Origin', origin)
    res.setHeader('Access-Control-Allow-Methods', 'POST')
    res.setHeader('Access-Control-Allow-Headers', 'Content-Type, X-Namespace, Authorization')
    res.setHeader('Vary', 'Origin')
  }
  if (req.method === 'OPTIONS') return end(res, 204)
  if (req.url === '/readyz') return end(res, 200, { status: 'ready' })
  // The command line puts the namespace before it, when its address has one.
  const action = /\/(encode|decode)$/.exec((req.url ?? '').split('?')[0]!)?.[1]
  if (action === undefined) return end(res, 404, 'only /encode and /decode')
  if (req.method !== 'POST') return end(res, 405, 'only POST')
  try {
    const { payloads } = bodySchema.parse(JSON.parse(await bodyOf(req)))
    const given = payloads.map(fromJson)
    const made = action === 'decode' ? await codec.decode(given) : await codec.encode(given)
    end(res, 200, { payloads: made.map(toJson) })
  } catch (error) {
    end(res, 400, error instanceof z.ZodError ? 'no payloads of Temporal’s' : messageOf(error))
  }
}

async function bodyOf(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > MAX_BODY_BYTES) throw new Error(`more than ${MAX_BODY_BYTES} bytes`)
    if (isShredded(parts.length, bytes)) throw new Error('too many pieces')
    parts.push(part)
  }
  return Buffer.concat(parts).toString()
}

function fromJson({ metadata, data }: z.infer<typeof bodySchema>['payloads'][number]): Payload {
  const bytes = (text: string) => new Uint8Array(Buffer.from(text, 'base64'))
  const named = Object.entries(metadata).map(([name, text]) => [name, bytes(text)])
  return { metadata: Object.fromEntries(named), data: bytes(data) }
}

function toJson({ metadata, data }: Payload) {
  const text = (bytes: Uint8Array | null | undefined) => Buffer.from(bytes ?? []).toString('base64')
  const named = Object.entries(metadata ?? {}).map(([name, bytes]) => [name, text(bytes)])
  return { metadata: Object.fromEntries(named), data: text(data) }
}

function end(res: ServerResponse, status: number, body?: object | string): void {
  if (body === undefined) {
    res.writeHead(status).end()
    return
  }
  const text = JSON.stringify(typeof body === 'string' ? { message: body } : body)
  res
    .writeHead(status, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' })
    .end(text)
}
