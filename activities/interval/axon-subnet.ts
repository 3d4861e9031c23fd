import { vetAddress } from '../../wire/axon-address.js'

/** The public /24 of an axon, as `a.b.c`; null for private addresses and IPv6, which form no group. */
export function axonSubnet(ip: string | null): string | null {
  if (ip === null) return null
  try {
    const vetted = vetAddress(ip, 1, { allowPrivate: false })
    return vetted.family === 4 ? vetted.ip.split('.').slice(0, 3).join('.') : null
  } catch {
    return null
  }
}
