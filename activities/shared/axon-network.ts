import ipaddr from 'ipaddr.js'

/** IPv4: /24. */
const IPV4_BYTES = 3
/** IPv6: /48. */
const IPV6_BYTES = 6

/** The network of an axon's address, as a hex prefix; the text itself if it is not an address. */
export function axonNetwork(ip: string): string {
  if (!ipaddr.isValid(ip)) return ip
  const address = ipaddr.process(ip)
  const bytes = address.kind() === 'ipv4' ? IPV4_BYTES : IPV6_BYTES
  return Buffer.from(address.toByteArray().slice(0, bytes)).toString('hex')
}
