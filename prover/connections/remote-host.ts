import ipaddr from 'ipaddr.js'

/** The host that opened a connection, and the networks that it is in. */
export interface RemoteHost {
  /**
   * From the widest to the host itself: /16, /24 and the address of IPv4; /48, /56 and /64 of IPv6, which are
   * what a site, a customer and a machine are usually assigned. This machine is only in its own network.
   */
  readonly networks: readonly [string, string, string]
  readonly loopback: boolean
}

/** Null if it is not an address. A v4-mapped IPv6 address counts as its IPv4 address. */
export function remoteHost(address: string | undefined): RemoteHost | null {
  if (address === undefined || !ipaddr.isValid(address)) return null
  const parsed = ipaddr.process(address)
  const bytes = Buffer.from(parsed.toByteArray())
  const [wide, middle, whole] = parsed.kind() === 'ipv4' ? [2, 3, 4] : [6, 7, 8]
  const network = (length: number) => `${parsed.kind()}:${bytes.toString('hex', 0, length)}`
  if (parsed.range() === 'loopback') {
    return { networks: ['loopback', 'loopback', 'loopback'], loopback: true }
  }
  return { networks: [network(wide!), network(middle!), network(whole!)], loopback: false }
}
