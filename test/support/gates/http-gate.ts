import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Gate } from './gate.js'

interface Request {
  readonly method: string
  readonly params: { readonly bytes?: string }
}

/** A way to the local chain, which also notes what was sent through it. */
export interface HttpGate extends Gate {
  /** The bytes of each extrinsic that somebody sent, hex, once each. */
  readonly submitted: ReadonlySet<string>
}

export async function startHttpGate(target: string): Promise<HttpGate> {
  let hold: { where: 'before' | 'after'; held: () => void } | null = null
  const submitted = new Set<string>()
  const server = createServer(async (request, response) => {
    const body = await text(request)
    const { method, params } = JSON.parse(body) as Request
    const isHeld = method === 'submit' ? hold : null
    if (isHeld !== null) hold = null
    if (method === 'submit') submitted.add(params.bytes!)
    // What is held stays without an answer until its sender is gone.
    if (isHeld?.where === 'before') return isHeld.held()
    try {
      const answer = await fetch(target, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const said = await answer.text()
      if (isHeld !== null) return isHeld.held()
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(said)
    } catch {
      response.destroy()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    submitted,
    holdNext: (where) =>
      new Promise((held) => {
        hold = { where, held }
      }),
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
