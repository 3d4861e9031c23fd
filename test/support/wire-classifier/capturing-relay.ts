import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** One TCP connection to a prover, as it came in over the wire. All times are milliseconds since the epoch. */
export interface CapturedConnection {
  readonly sourceIp: string
  readonly sourcePort: number
  readonly openedMs: number
  /** When each piece of what was sent arrived. */
  readonly chunkMs: number[]
  /** All that the caller sent. */
  sent: Buffer
  /** What it was sent until it closed. */
  receivedBytes: number
  /** When the last of that was passed on. */
  lastAnswerMs: number | null
  /** When the caller ended or broke the connection; null when the prover did. */
  callerClosedMs: number | null
  closedMs: number | null
}

export interface CapturingRelay {
  readonly port: number
  readonly connections: readonly CapturedConnection[]
  close(): Promise<void>
}

/** Passes connections on to a prover, and keeps what came and when. */
export async function startCapturingRelay(host: string, port: number): Promise<CapturingRelay> {
  const connections: CapturedConnection[] = []
  const sockets = new Set<Socket>()
  const now = () => performance.timeOrigin + performance.now()
  const server = createServer({ noDelay: true }, (caller) => {
    const captured: CapturedConnection = {
      sourceIp: caller.remoteAddress ?? '',
      sourcePort: caller.remotePort ?? 0,
      openedMs: now(),
      chunkMs: [],
      sent: Buffer.alloc(0),
      receivedBytes: 0,
      lastAnswerMs: null,
      callerClosedMs: null,
      closedMs: null,
    }
    connections.push(captured)
    const prover = connect({ host, port, noDelay: true })
    caller.on('data', (chunk: Buffer) => {
      captured.chunkMs.push(now())
      captured.sent = Buffer.concat([captured.sent, chunk])
      prover.write(chunk)
    })
    prover.on('data', (chunk: Buffer) => {
      captured.receivedBytes += chunk.length
      captured.lastAnswerMs = now()
      caller.write(chunk)
    })
    let proverEnded = false
    prover.on('end', () => {
      proverEnded = true
      caller.end()
    })
    caller.on('end', () => prover.end())
    for (const [socket, other] of [
      [caller, prover],
      [prover, caller],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        sockets.delete(socket)
        if (socket === caller) {
          captured.closedMs = now()
          if (!proverEnded) captured.callerClosedMs = captured.closedMs
        }
        other.destroy()
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    connections,
    async close() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
