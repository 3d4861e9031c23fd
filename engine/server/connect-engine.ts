import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Socket } from 'node:net'
import { messageOf } from '../../base/errors.js'
import { fingerprintOf, parseDeterminismClass } from '../../formats/determinism-class.js'
import { EngineError } from '../errors.js'
import { knownAnswersOf } from '../model/known-answers.js'
import { Dialogue, type EnginePort } from '../thread/dialogue.js'
import { isAnswer, PROTOCOL } from './messages.js'
import { encodeRecord, RecordReader } from './records.js'
import { ServedEngine } from './served-engine.js'

/** Maximum time until a server answers at all. */
const CONNECT_MS = 10_000
/**
 * Maximum time between two messages of a server during a call: a decoder that makes a whole video is silent
 * for a long time.
 */
const SILENT_MS = 600_000

export interface ConnectEngineOptions {
  /** `http://HOST:PORT` of a `fractal model-server`. */
  url: string
  /** Called once when the connection has ended, before pending calls fail. */
  onEnd(): void
  /** Milliseconds; for tests. */
  connectMs?: number
  silentMs?: number
}

/**
 * Connects to an engine on a model server. The server is verified by generating the known answers on it: a
 * server that reports a class or a model that it does not compute is refused.
 * @throws EngineError `server_unreachable`, `server_protocol`, `server_silent`, `server_untrue`
 */
export async function connectEngine(options: ConnectEngineOptions): Promise<ServedEngine> {
  const { url, onEnd, connectMs = CONNECT_MS, silentMs = SILENT_MS } = options
  const socket = await upgraded(url, connectMs)
  socket.once('close', onEnd)
  const dialogue = new Dialogue(socketPort(socket, url, silentMs), 'model server')
  const opened = await dialogue.opened()
  const parts = parseDeterminismClass(opened.determinismClass)
  const engine = new ServedEngine(url, dialogue, parts?.ep ?? 'cpu', opened)
  try {
    if (parts === null || parts.modelRoot !== opened.model.root) {
      throw engine.untrue(
        `its class ${opened.determinismClass} is not of the root ${opened.model.root}`,
      )
    }
    const fingerprint = await fingerprintThrough(engine)
    if (fingerprint !== parts.fingerprint) {
      throw engine.untrue(
        `its known answers give the fingerprint ${fingerprint}, but its class says ${parts.fingerprint}`,
      )
    }
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

/** From the frames as received: with a hook for them, `generate` compares them with the digests. */
async function fingerprintThrough(engine: ServedEngine): Promise<string> {
  const hashes: string[] = []
  for (const params of [...knownAnswersOf(engine.descriptor)].reverse()) {
    hashes.unshift((await engine.generate(params, { onFrame: () => {} })).framesSha256)
  }
  return fingerprintOf(hashes)
}

async function upgraded(url: string, connectMs: number): Promise<Socket> {
  const asked = request(new URL('/v1/engine', url), {
    headers: { Connection: 'Upgrade', Upgrade: PROTOCOL },
    signal: AbortSignal.timeout(connectMs),
  })
  asked.end()
  try {
    return await Promise.race([socketOf(asked, url), refusalOf(asked, url)])
  } catch (cause) {
    asked.destroy()
    if (cause instanceof EngineError) throw cause
    throw new EngineError(
      'server_unreachable',
      `No model server answers at ${url}: ${messageOf(cause)}.`,
      {
        hint: 'Start one there (fractal model-server), or correct --neuron.model_endpoint.',
        cause,
      },
    )
  }
}

async function socketOf(asked: ClientRequest, url: string): Promise<Socket> {
  const [response, socket, head] = (await once(asked, 'upgrade')) as [
    IncomingMessage,
    Socket,
    Buffer,
  ]
  if (response.headers.upgrade !== PROTOCOL)
    throw otherProtocol(url, String(response.headers.upgrade))
  if (head.length > 0) socket.unshift(head)
  return socket
}

/** The server answered without upgrading: it has no such path, or speaks another version. */
async function refusalOf(asked: ClientRequest, url: string): Promise<never> {
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  throw otherProtocol(url, response.headers.upgrade ?? `HTTP ${response.statusCode}`)
}

function otherProtocol(url: string, found: string): EngineError {
  return new EngineError(
    'server_protocol',
    `What answers at ${url} speaks ${found}; this is ${PROTOCOL}.`,
    {
      hint: 'Run the same version of Fractal on both, and look at the address: http://HOST:PORT.',
    },
  )
}

function socketPort(socket: Socket, url: string, silentMs: number): EnginePort {
  let cause: EngineError | undefined
  socket.on('error', () => {})
  socket.setKeepAlive(true, 15_000)
  socket.setTimeout(0)
  const end = (error: EngineError) => {
    cause ??= error
    socket.destroy()
  }
  socket.on('timeout', () => {
    end(
      new EngineError(
        'server_silent',
        `The model server at ${url} said nothing for ${silentMs / 1000} s.`,
        {
          hint: 'Look at its log and its GPU.',
        },
      ),
    )
  })
  return {
    post: (message) => void (socket.writable && socket.write(encodeRecord(message))),
    onMessage: (listener) => {
      const reader = new RecordReader()
      socket.on('data', (chunk: Buffer) => {
        try {
          for (const message of reader.push(chunk)) {
            if (!isAnswer(message)) throw otherProtocol(url, 'something else')
            listener(message)
          }
        } catch (error) {
          end(error instanceof EngineError ? error : otherProtocol(url, messageOf(error)))
        }
      })
    },
    onEnd: (listener) => socket.once('close', () => listener(cause)),
    // During a call, silence is limited.
    ref: () => void socket.ref().setTimeout(silentMs),
    unref: () => void socket.unref().setTimeout(0),
  }
}
