import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { closeServer, listen } from '../../base/net/http-listener.js'
import { namesLoopback } from '../../base/net/loopback.js'
import { sr25519Ready } from '../../base/sr25519.js'
import { ChainError } from '../../chain/errors.js'
import type { AdminCall } from '../../chain/local/admin-call.js'
import { everyPeriod } from './clock.js'
import { DEFAULT_RETENTION, type Retention } from './history.js'
import { Localnet } from './localnet.js'
import { METHODS, type MethodContext } from './methods.js'

const MAX_BODY_BYTES = 1 << 20
const request = z.strictObject({
  method: z.string().max(64),
  params: z.record(z.string(), z.unknown()).default({}),
})

export interface LocalnetConfig {
  /** 0 for any free one. */
  port: number
  /** The chain's one file; made when missing. */
  statePath: string
  /** Default 12000, as on Bittensor. */
  blockMs?: number
  /** Subnets, neurons, stakes and permits of block 0; a chain that exists already ignores them. */
  genesis?: AdminCall[]
  /** Accept axons on 127.0.0.1, which Subtensor refuses. Default false. */
  allowLoopback?: boolean
  /** Blocks from the head back to the finalized one. Default 2. */
  finalityLag?: number
  /** No clock: blocks only by `newBlocks`. For tests. Default false. */
  manual?: boolean
  retention?: Retention
  log: Log
}

export interface RunningLocalnet {
  url: string
  close(): Promise<void>
}

/**
 * Starts a development chain on 127.0.0.1: HTTP, `POST /` with `{ method, params }` (methods.ts). Whoever
 * reaches the port is its root, so requests that name another host are refused. It makes blocks only while it
 * runs.
 * @throws FractalError `port_taken`, `port_refused`, `listen_failed`, `state_unreadable`, `state_not_saved`,
 * `bad_genesis`
 */
export async function startLocalnet(config: LocalnetConfig): Promise<RunningLocalnet> {
  const { blockMs = 12_000, allowLoopback = false, manual = false, log } = config
  await sr25519Ready()
  const closing = new AbortController()
  // The port first: a second chain on the same file must not get as far as writing to it.
  let context: MethodContext | null = null
  const server = createServer((req, res) => {
    if (!namesLoopback(req.headers.host)) res.writeHead(421).end()
    else if (context !== null) void handle(req, res, context, log)
    else res.writeHead(503).end()
  })
  server.headersTimeout = 5000
  server.requestTimeout = 10_000
  const { url, port } = await listen(
    server,
    { host: '127.0.0.1', port: config.port },
    { what: 'the local chain', remedy: 'give it another port' },
  )
  let stopClock = () => {}
  const close = async () => {
    stopClock()
    closing.abort()
    await closeServer(server, { graceMs: 0 })
  }
  try {
    const localnet = new Localnet({
      statePath: config.statePath,
      genesis: config.genesis ?? [],
      finalityLag: config.finalityLag ?? 2,
      allowLoopback,
      retention: config.retention ?? DEFAULT_RETENTION,
    })
    context = { localnet, blockMs, allowLoopback, manual, signal: closing.signal }
    if (!manual) stopClock = everyPeriod(blockMs, () => tick(localnet, log))
    log.info({ port, head: localnet.head.number, genesis: localnet.genesisHash }, 'local chain up')
  } catch (error) {
    await close()
    throw error
  }
  return { url, close }
}

function tick(localnet: Localnet, log: Log): void {
  try {
    const { number } = localnet.newBlocks(1)
    log.debug({ number }, 'block')
  } catch (err) {
    log.error({ err }, 'no block could be made')
  }
}

/** Every answer carries genesis and head, so that a caller notices another chain and new blocks. */
async function handle(
  req: IncomingMessage,
  res: ServerResponse,
  context: MethodContext,
  log: Log,
): Promise<void> {
  const { localnet } = context
  let answer: object
  try {
    const { method, params } = await readRequest(req)
    localnet.assertSaved()
    const found = METHODS.get(method)
    if (found === undefined) throw new ChainError('bad_request', `no method ${method}`)
    answer = { result: await found.run(params, context) }
  } catch (error) {
    answer = { error: describe(error, log) }
  }
  if (res.destroyed) return
  const body = JSON.stringify({ genesis: localnet.genesisHash, head: localnet.head, ...answer })
  // No kept connection: a call after a restart must not be sent into one that has just died.
  res.writeHead(200, { 'content-type': 'application/json', connection: 'close' }).end(body)
}

// The content type is asked for so that a web page in a browser cannot post here unnoticed.
async function readRequest(req: IncomingMessage): Promise<z.infer<typeof request>> {
  const json = req.headers['content-type'] === 'application/json'
  if (req.method !== 'POST' || req.url !== '/' || !json) {
    throw new ChainError('bad_request', 'only POST / with content-type application/json')
  }
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of req) {
    size += chunk.length
    if (size > MAX_BODY_BYTES) throw new ChainError('bad_request', 'the body is over 1 MiB')
    chunks.push(chunk)
  }
  try {
    return request.parse(JSON.parse(Buffer.concat(chunks).toString('utf8')))
  } catch (cause) {
    throw new ChainError('bad_request', 'the body is no JSON { method, params }', { cause })
  }
}

function describe(error: unknown, log: Log): object {
  if (error instanceof FractalError) {
    return { code: error.code, message: error.message, retryable: error.retryable }
  }
  log.error({ err: error }, 'a call failed')
  return { code: 'internal', message: 'the local chain failed; see its log', retryable: false }
}
