import type { Server } from 'node:http'
import ipaddr from 'ipaddr.js'
import { KeyedLimit } from '../base/concurrency/keyed-limit.js'

export interface ConnectionLimits {
  /** Open at once, of everybody together. */
  total: number
  /** Of one remote host: an IPv4 address, or the /64 that a host has of IPv6. */
  perHost: number
  /** Of this machine itself: a whole demo, or a proxy in front. */
  perLoopback: number
}

/**
 * Room for what a verifier can sensibly have open here: its requests in flight, and as many more that
 * are being refused. One host never has more than a quarter of all.
 */
export function connectionLimits(capacity: number): ConnectionLimits {
  const perHost = Math.max(16, 2 * capacity)
  return { total: Math.max(1024, 4 * perHost), perHost, perLoopback: Math.max(256, 2 * capacity) }
}

/**
 * Closes connections above the limits as they come, so that a stranger who opens many and sends
 * nothing takes the place of nobody else.
 */
export function limitConnections(server: Server, limits: ConnectionLimits): void {
  const hosts = new KeyedLimit(limits.perHost)
  const loopback = new KeyedLimit(limits.perLoopback)
  server.maxConnections = limits.total
  server.on('connection', (socket) => {
    const host = hostOf(socket.remoteAddress)
    // Without an address it has gone again already.
    if (host === null) return socket.destroy()
    const release = (host.loopback ? loopback : hosts).tryAcquire(host.name)
    if (release === null) return socket.destroy()
    socket.once('close', release)
  })
}

/** Who counts as one: a v4-mapped address is its IPv4 address, and IPv6 is given out by /64. */
export function hostOf(address: string | undefined): { name: string; loopback: boolean } | null {
  if (address === undefined || !ipaddr.isValid(address)) return null
  const parsed = ipaddr.process(address)
  const name =
    parsed.kind() === 'ipv4'
      ? parsed.toString()
      : (parsed as ipaddr.IPv6).parts
          .slice(0, 4)
          .map((part) => part.toString(16))
          .join(':')
  return { name, loopback: parsed.range() === 'loopback' }
}
