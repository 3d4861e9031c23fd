import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { HostileAnswer } from './answers.js'

/** More than any reader here takes: it is to close the connection before. */
const ENOUGH_BYTES = 64 * 2 ** 20

/** A bare TCP server: each connection is answered as told once its request's headers and body are in. */
export class HostileServer {
  /** Given the request's bytes; null: no answer. */
  answer: (request: Buffer) => HostileAnswer | null | Promise<HostileAnswer | null> = () => null
  /** Most bytes that were written to one connection. */
  mostBytes = 0
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor() {
    this.#server = createServer({ noDelay: true }, (socket) => this.#serve(socket))
  }

  static async start(): Promise<HostileServer> {
    const started = new HostileServer()
    started.#server.listen(0, '127.0.0.1')
    await once(started.#server, 'listening')
    return started
  }

  get address(): { ip: string; port: number } {
    return { ip: '127.0.0.1', port: (this.#server.address() as AddressInfo).port }
  }

  /** Ends every connection: the next case begins with none. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
    let request = Buffer.alloc(0)
    const onData = (bytes: Buffer) => {
      request = Buffer.concat([request, bytes])
      if (!isWhole(request)) return
      socket.off('data', onData)
      // Whatever else comes is read and dropped: a reset would hide the answer.
      socket.resume()
      void this.#answer(socket, request)
    }
    socket.on('data', onData)
  }

  async #answer(socket: Socket, request: Buffer): Promise<void> {
    const answer = await this.answer(request)
    if (answer !== null) await this.#send(socket, answer)
  }

  async #send(socket: Socket, { pieces, end }: HostileAnswer): Promise<void> {
    for (const piece of pieces) {
      await written(socket, piece)
      if (pieces.length > 1) await new Promise((resolve) => setImmediate(resolve))
    }
    const last = pieces.at(-1)
    while (end === 'endless' && last && !socket.destroyed && socket.bytesWritten < ENOUGH_BYTES) {
      await written(socket, last)
    }
    this.mostBytes = Math.max(this.mostBytes, socket.bytesWritten)
    if (end === 'close') socket.end()
    if (end === 'reset') socket.resetAndDestroy()
  }
}

function isWhole(request: Buffer): boolean {
  const head = request.indexOf('\r\n\r\n')
  if (head < 0) return false
  const [, length = '0'] = /content-length: (\d+)/i.exec(request.toString('latin1', 0, head)) ?? []
  return request.length >= head + 4 + Number(length)
}

/** Resolves once the kernel has it, or the connection is gone. */
function written(socket: Socket, piece: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || socket.write(piece)) return resolve()
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}
