import { isIPv4 } from 'node:net'

/** Whether a listener's address (or the host of a URL) is only reachable from this machine. */
export function isLoopback(host: string): boolean {
  return (
    ['localhost', '::1', '[::1]'].includes(host.toLowerCase()) ||
    (isIPv4(host) && host.startsWith('127.'))
  )
}

/**
 * Whether a request's Host header names this machine. A web page whose name resolves to 127.0.0.1 (DNS
 * rebinding) can reach loopback listeners from a visitor's browser, but its name in Host gives it away.
 */
export function namesLoopback(hostHeader: string | undefined): boolean {
  const host = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(hostHeader ?? '')?.[1]
  return host !== undefined && isLoopback(host)
}
