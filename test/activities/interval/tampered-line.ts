import { once } from 'node:events'
import { connect } from 'node:net'
import type { HostileAnswer } from '../../support/hostile/answers.js'
import { HostileServer } from '../../support/hostile/hostile-server.js'

/** Somebody whom a verifier can ask. */
export interface Served {
  readonly port: number
  close(): Promise<unknown>
  /** As a restart does: gone until the answer is called, then back at its address with what it kept. */
  pause?(): Promise<() => Promise<void>>
}

/** @param target of the request, for example `/v1/generate` */
export type Tamper = (answer: Buffer, target: string) => HostileAnswer

/** A line to a prover that brings each request as it is, and what it likes in place of the answer. */
export async function tamperedLine(prover: Served, tamper: Tamper): Promise<Served> {
  const line = await HostileServer.start()
  line.answer = async (request) => {
    const [, target = ''] = /^\S+ (\S+) /.exec(request.toString('latin1', 0, 200)) ?? []
    return tamper(await answerOf(prover.port, request), target)
  }
  const close = async () => {
    await line.close()
    await prover.close()
  }
  return { port: line.address.port, close }
}

/** All that comes back; our requests ask for the connection to be closed. */
async function answerOf(port: number, request: Buffer): Promise<Buffer> {
  const socket = connect(port, '127.0.0.1')
  const parts: Buffer[] = []
  socket.on('data', (part: Buffer) => parts.push(part))
  socket.on('error', () => {})
  socket.write(request)
  await once(socket, 'close')
  return Buffer.concat(parts)
}
