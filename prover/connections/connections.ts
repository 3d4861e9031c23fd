import type { IncomingMessage, Server } from 'node:http'
import type { Socket } from 'node:net'
import { KeyedLimit } from '../../base/concurrency/keyed-limit.js'
import { type RemoteHost, remoteHost } from './remote-host.js'
import { UnprovenConnections } from './unproven-connections.js'

/** Limits on open connections on which no caller with a permit has sent a request yet. */
export interface ConnectionLimits {
  /** In total. */
  total: number
  /**
   * Per remote host: an IPv4 address, or an IPv6 /64. Its /24 (/56) may have twice, its /16 (/48) four times
   * as many.
   */
  perHost: number
  /** From this machine itself: a whole demo, or a proxy in front. */
  perLoopback: number
}

/**
 * Room for what a verifier can reasonably have open here: its requests in flight, a confirmation of each, and
 * as many more that are being refused. One host never gets more than a quarter of the total.
 */
export function connectionLimits(capacity: number): ConnectionLimits {
  const perHost = Math.max(16, 3 * capacity)
  return { total: Math.max(1024, 4 * perHost), perHost, perLoopback: Math.max(256, 3 * capacity) }
}

/**
 * Limits a server's connections so that strangers who open many and send nothing, or send slowly, can't keep
 * out a caller with a permit: a new connection is always accepted and an old one closed for it, but never one
 * on which a caller with a permit has sent a request.
 */
export class ConnectionGuard {
  private readonly unproven = new UnprovenConnections()
  private readonly hosts = new WeakMap<Socket, RemoteHost>()
  /** By caller, so that one caller with a permit can't hold all of them either. */
  private readonly proven: KeyedLimit

  constructor(private readonly limits: ConnectionLimits) {
    this.proven = new KeyedLimit(limits.perHost)
  }

  watch(server: Server): void {
    server.on('connection', (socket) => this.enter(socket))
  }

  /** A caller with a permit has sent a request on this connection: it is kept until it closes. */
  prove({ socket }: IncomingMessage, caller: string): void {
    const host = this.hosts.get(socket)
    if (host === undefined || socket.destroyed) return
    const release = this.proven.tryAcquire(caller)
    if (release === null) return
    this.hosts.delete(socket)
    this.unproven.delete(socket, host.networks)
    socket.once('close', release)
  }

  private enter(socket: Socket): void {
    const host = remoteHost(socket.remoteAddress)
    // Without an address, it is already closed.
    if (host === null) return void socket.destroy()
    const { total, perHost, perLoopback } = this.limits
    const ofHost = host.loopback
      ? [perLoopback, perLoopback, perLoopback]
      : [4 * perHost, 2 * perHost, perHost]
    this.hosts.set(socket, host)
    socket.once('close', () => this.unproven.delete(socket, host.networks))
    const givenUp = this.unproven.add(socket, host.networks, [total, ...ofHost])
    if (givenUp !== null) {
      this.unproven.delete(givenUp, this.hosts.get(givenUp)!.networks)
      givenUp.destroy()
    }
  }
}
