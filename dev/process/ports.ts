import { createServer } from 'node:net'
import { FractalError } from '../../base/errors.js'

const LOOPBACK = '127.0.0.1'

/** Listens on a loopback port (0 = any) for a moment and says which one it was. */
function tryPort(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(port, LOOPBACK, () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port))
    })
  })
}

/** A loopback port nobody listened on a moment ago. Whoever uses it must be ready to lose the race. */
export function freePort(): Promise<number> {
  return tryPort(0)
}

/**
 * Throws `port_taken` when somebody listens on the loopback port already.
 *
 * @param what who wants the port, as it reads in "Port 5432 is taken; Postgres wants it."
 */
export async function assertFree(port: number, what: string): Promise<void> {
  try {
    await tryPort(port)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EADDRINUSE') {
      throw new FractalError('port_taken', `Port ${port} is taken; ${what} wants it.`, {
        hint: `Stop what listens on 127.0.0.1:${port} (see: lsof -i :${port}), or give ${what} another port.`,
        details: { port, what },
        cause: error,
      })
    }
    throw new FractalError('port_refused', `Port ${port} cannot be opened for ${what}: ${code}.`, {
      hint: 'Ports below 1024 need rights that are not worth giving; choose one above.',
      details: { port, what },
      cause: error,
    })
  }
}
