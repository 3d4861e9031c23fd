import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Listener, listen } from '../../base/net/http-listener.js'

/** Listens on a loopback port (0 = any) for a moment and says which one it was. */
async function tryPort(port: number, listener: Listener): Promise<number> {
  const server = createServer()
  const taken = await listen(server, { host: '127.0.0.1', port }, listener)
  server.close()
  await once(server, 'close')
  return taken.port
}

/** A loopback port nobody listened on a moment ago. Whoever uses it must be ready to lose the race. */
export function freePort(): Promise<number> {
  return tryPort(0, { what: 'a server', remedy: 'try again' })
}

/**
 * @param what who wants the port, as it reads in "Port 5432 is taken; Postgres wants it."
 * @throws FractalError `port_taken` when somebody listens on the loopback port already, `port_refused`,
 * `listen_failed`
 */
export async function assertFree(port: number, what: string): Promise<void> {
  await tryPort(port, { what, remedy: `give ${what} another port` })
}
