import ipaddr from 'ipaddr.js'

/** IPv4: /24. */
const IPV4_BYTES = 3
/** IPv6: /48. */
const IPV6_BYTES = 6

/** The network that an axon's address belongs to, as its prefix in hex; the text itself where it is none. */
export function axonNetwork(ip: string): string {
  if (!ipaddr.isValid(ip)) return ip
  const address = ipaddr.process(ip)
  const bytes = address.kind() === 'ipv4' ? IPV4_BYTES : IPV6_BYTES
  return Buffer.from(address.toByteArray().slice(0, bytes)).toString('hex')
}
