import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { FractalError } from '../../base/errors.js'
import { type Listener, listen } from '../../base/net/http-listener.js'

/** Below those that systems give to connections and to listeners on port 0: nobody gets one of these by chance. */
const FIRST = 12_000
const LAST = 32_000
const TRIES = 50

/** Listens on a loopback port (0 = any) for a moment and says which one it was. */
async function tryPort(port: number, listener: Listener): Promise<number> {
  const server = createServer()
  const taken = await listen(server, { host: '127.0.0.1', port }, listener)
  server.close()
  await once(server, 'close')
  return taken.port
}

/** A loopback port nobody listened on a moment ago. Whoever uses it must be ready to lose the race. */
export async function freePort(): Promise<number> {
  for (let tries = 1; ; tries += 1) {
    const port = randomInt(FIRST, LAST)
    try {
      return await tryPort(port, { what: 'a server', remedy: 'try again' })
    } catch (error) {
      const isTaken = error instanceof FractalError && error.code.startsWith('port_')
      if (!isTaken || tries === TRIES) throw error
    }
  }
}

/**
 * @param what who wants the port, as it reads in "Port 5432 is taken; Postgres wants it."
 * @throws FractalError `port_taken` when somebody listens on the loopback port already, `port_refused`,
 * `listen_failed`
 */
export async function assertFree(port: number, what: string): Promise<void> {
  await tryPort(port, { what, remedy: `give ${what} another port` })
}
