import { Resolver } from 'node:dns/promises'
import { WireError } from './error.js'

const TRY_MS = 2000
const TRIES = 2

/** All addresses of a name, IPv4 first. */
export type ResolveHost = (name: string, deadlineMs: number) => Promise<string[]>

/**
 * Queries DNS directly, not through the operating system: those lookups can't be cancelled, and four that
 * hang would block everything else in Node's thread pool. So /etc/hosts is not read; only `localhost` is
 * known here (RFC 6761), for development.
 * @throws WireError `unreachable`
 */
export async function resolveHost(name: string, deadlineMs: number): Promise<string[]> {
  if (name === 'localhost' || name.endsWith('.localhost')) return ['127.0.0.1', '::1']
  return lookupHost(new Resolver({ timeout: TRY_MS, tries: TRIES }), name, deadlineMs)
}

/** @throws WireError `unreachable` */
export async function lookupHost(
  resolver: Resolver,
  name: string,
  deadlineMs: number,
): Promise<string[]> {
  const timer = setTimeout(() => resolver.cancel(), deadlineMs)
  try {
    const found = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const addresses = found.flatMap((each) => (each.status === 'fulfilled' ? each.value : []))
    if (addresses.length > 0) return addresses
    throw new WireError('unreachable', 'the name has no address', { retryable: true })
  } finally {
    clearTimeout(timer)
  }
}
