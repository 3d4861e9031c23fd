import { once } from 'node:events'
import type { Server as HttpServer } from 'node:http'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { FractalError } from '../errors.js'

export interface ListenAddress {
  readonly host: string
  /** 0: any free port. */
  readonly port: number
}

/** Who needs the port, for the error if it is not available. */
export interface Listener {
  /** As it reads in "Port 8080 is taken; the API wants it." */
  readonly what: string
  /** How to choose another port, as in "choose another with --api.port". */
  readonly remedy: string
}

export interface Listening {
  /** The actual port, if 0 was requested. */
  readonly port: number
  /** `http://HOST:PORT` */
  readonly url: string
}

/** @throws FractalError `port_taken`, `port_refused`, `listen_failed` */
export async function listen(
  server: Server,
  address: ListenAddress,
  listener: Listener,
): Promise<Listening> {
  try {
    server.listen(address)
    await once(server, 'listening')
  } catch (cause) {
    throw listenError(cause as NodeJS.ErrnoException, address, listener)
  }
  // Failing to accept a connection (no file descriptor left) must not crash the process.
  server.on('error', (error) => process.emitWarning(`${listener.what}: ${error.message}`))
  const { port } = server.address() as AddressInfo
  const host = address.host.includes(':') ? `[${address.host}]` : address.host
  return { port, url: `http://${host}:${port}` }
}

/**
 * Asserts that the address can be listened on, for processes with lengthy work before they listen.
 * @throws FractalError as `listen`
 */
export async function assertCanListen(address: ListenAddress, listener: Listener): Promise<void> {
  const server = createServer()
  await listen(server, address, listener)
  server.close()
  await once(server, 'close')
}

function listenError(
  cause: NodeJS.ErrnoException,
  { host, port }: ListenAddress,
  { what, remedy }: Listener,
): FractalError {
  const details = { host, port, what }
  switch (cause.code) {
    case 'EADDRINUSE': {
      const hint = `Stop what listens on ${host}:${port} (see: lsof -i :${port}), or ${remedy}.`
      const message = `Port ${port} is taken; ${what} wants it.`
      return new FractalError('port_taken', message, { hint, details, cause })
    }
    case 'EACCES': {
      const hint = `Ports below 1024 need root rights, which are not worth granting; ${remedy}.`
      const message = `Port ${port} cannot be opened for ${what}: permission denied.`
      return new FractalError('port_refused', message, { hint, details, cause })
    }
    default: {
      const message = `Port ${port} of ${host} cannot be opened for ${what}: ${cause.message}`
      const hint = `Check that ${host} is an address of this machine, or ${remedy}.`
      return new FractalError('listen_failed', message, { hint, details, cause })
    }
  }
}

export interface CloseOptions {
  /** How long running responses may take to end; 0: they are cut off. */
  readonly graceMs: number
  /** Called when that time is up, shortly before the remaining ones are cut off. */
  readonly onCut?: (() => void) | undefined
}

/** Time for responses that end themselves in `onCut`. */
const CUT_MS = 300
const SWEEP_MS = 50

/**
 * Accepts no new connections, lets running responses end, and cuts off the remaining ones after `graceMs`.
 */
export async function closeServer(
  server: HttpServer,
  { graceMs, onCut }: CloseOptions,
): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  if (graceMs === 0) {
    server.closeAllConnections()
    return closed
  }
  server.closeIdleConnections()
  // A connection that becomes idle now would otherwise be kept alive for the next request.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
  let cut: NodeJS.Timeout | undefined
  const late = setTimeout(() => {
    onCut?.()
    cut = setTimeout(() => server.closeAllConnections(), onCut === undefined ? 0 : CUT_MS)
  }, graceMs)
  await closed
  clearInterval(sweep)
  clearTimeout(late)
  clearTimeout(cut)
}
