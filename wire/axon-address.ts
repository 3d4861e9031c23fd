import ipaddr from 'ipaddr.js'
import { WireError } from './error.js'

/** Where a prover serves, as its axon record on the chain says. */
export interface AxonAddress {
  ip: string
  port: number
}

/** An address that may be connected to, in its one spelling. */
export interface VettedAddress extends AxonAddress {
  family: 4 | 6
}

/** What development may reach: machines of one's own. Never groups, nor addresses of nobody. */
const PRIVATE_RANGES = new Set([
  'loopback',
  'private',
  'linkLocal',
  'carrierGradeNat',
  'uniqueLocal',
])

/** 2000::/3: all that is assigned as global unicast; everything else is special or not assigned. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]

/**
 * Vets an address that a stranger chose. Refused: everything that is not global unicast (loopback,
 * private, link-local, CGNAT, multicast, broadcast, documentation, benchmark, ULA, tunnels …), and
 * v4-mapped or NAT64 (64:ff9b::/96) spellings of those. An IPv4 address has to be a plain dotted quad:
 * octal, hex, short and decimal spellings mean different hosts to different parsers.
 * @param options.allowPrivate lets loopback, private, link-local, CGNAT and ULA pass (development)
 * @throws WireError `address_refused`
 */
export function vetAddress(
  ip: string,
  port: number,
  options: { allowPrivate: boolean },
): VettedAddress {
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw refuse(`port ${port} is no port`)
  const address = parse(ip)
  const carried = address.kind() === 'ipv6' ? carriedV4(address as ipaddr.IPv6) : null
  const judged = carried ?? address
  const range = rangeOf(judged)
  const allowed = range === 'unicast' || (options.allowPrivate && PRIVATE_RANGES.has(range))
  if (!allowed) throw refuse(`it is ${range}, not a public address`, PRIVATE_RANGES.has(range))
  const target = isMapped(address) ? judged : address
  return { ip: target.toString(), port, family: target.kind() === 'ipv4' ? 4 : 6 }
}

function parse(ip: string): ipaddr.IPv4 | ipaddr.IPv6 {
  if (ipaddr.IPv4.isValidFourPartDecimal(ip)) return ipaddr.IPv4.parse(ip)
  const hex = ip.length <= 45 && ip.includes(':') ? withoutDots(ip) : ''
  if (/^[0-9a-fA-F:]+$/.test(hex) && ipaddr.IPv6.isValid(hex)) return ipaddr.IPv6.parse(hex)
  throw refuse('it is no IP address in plain spelling')
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`: ipaddr.js reads a dotted tail loosely, octal included. */
function withoutDots(ip: string): string {
  const [, head, tail] = /^(.*:)([0-9.]+\.[0-9.]*)$/.exec(ip) ?? []
  if (head === undefined || tail === undefined) return ip
  if (!ipaddr.IPv4.isValidFourPartDecimal(tail)) return ''
  const [a, b, c, d] = ipaddr.IPv4.parse(tail).octets
  return `${head}${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`
}

function isMapped(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress()
}

/** The IPv4 address inside a v4-mapped or NAT64 (well-known prefix) one: it is where packets end. */
function carriedV4(address: ipaddr.IPv6): ipaddr.IPv4 | null {
  const isNat64 = address.range() === 'rfc6052' && address.parts[2] === 0
  if (!isNat64 && !address.isIPv4MappedAddress()) return null
  return new ipaddr.IPv4(address.toByteArray().slice(12))
}

function rangeOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const range: string = address.range()
  if (range !== 'unicast' || address.kind() === 'ipv4') return range
  return (address as ipaddr.IPv6).match(GLOBAL_UNICAST) ? range : 'unassigned'
}

function refuse(why: string, isPrivate = false): WireError {
  return new WireError('address_refused', `axon address refused: ${why}`, {
    hint: isPrivate
      ? 'In development, --chain.allow_private_addresses lets such addresses pass.'
      : 'The prover has to serve a public address on the chain.',
  })
}
