import { isIPv4 } from 'node:net'

/** Whether a listener's address (or an address's host) is this machine's alone. */
export function isLoopback(host: string): boolean {
  return (
    ['localhost', '::1', '[::1]'].includes(host.toLowerCase()) ||
    (isIPv4(host) && host.startsWith('127.'))
  )
}

/**
 * Whether a request was meant for this machine by its header Host. A web page whose name its owner
 * lets resolve to 127.0.0.1 (DNS rebinding) reaches loopback listeners from the visitor's browser;
 * its name in Host gives it away.
 */
export function namesLoopback(hostHeader: string | undefined): boolean {
  const host = /^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(hostHeader ?? '')?.[1]
  return host !== undefined && isLoopback(host)
}
