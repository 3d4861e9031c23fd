import ipaddr from 'ipaddr.js'

/** The result of vetting an untrusted IP address. */
export type Judged =
  | { readonly ip: string; readonly family: 4 | 6 }
  /** isPrivate: development may allow it. */
  | { readonly refused: string; readonly isPrivate: boolean }

/** Ranges that development may reach: private machines. Never multicast or unassigned addresses. */
const PRIVATE_RANGES = new Set([
  'loopback',
  'private',
  'linkLocal',
  'carrierGradeNat',
  'uniqueLocal',
])

/** 2000::/3: everything assigned as global unicast; the rest is special or unassigned. */
const GLOBAL_UNICAST: [ipaddr.IPv6, number] = [ipaddr.IPv6.parse('2000::'), 3]

/**
 * Vets an untrusted IP address. Refused: everything that is not global unicast (loopback, private,
 * link-local, CGNAT, multicast, broadcast, documentation, benchmark, ULA, tunnels …), and v4-mapped or NAT64
 * (64:ff9b::/96) spellings of those. An IPv4 address must be a plain dotted quad: octal, hex, short and
 * decimal spellings mean different hosts to different parsers.
 * @param allowPrivate allows loopback, private, link-local, CGNAT and ULA addresses (development)
 */
export function judgeAddress(ip: string, allowPrivate: boolean): Judged {
  const address = parsePlainIp(ip)
  if (address === null)
    return { refused: 'it is not an IP address in plain notation', isPrivate: false }
  const judged = carriedV4(address) ?? address
  const range = rangeOf(judged)
  const isPrivate = PRIVATE_RANGES.has(range)
  if (range !== 'unicast' && !(allowPrivate && isPrivate)) {
    return { refused: `it is ${range}, not a public address`, isPrivate }
  }
  const target = isMapped(address) ? judged : address
  return { ip: target.toString(), family: target.kind() === 'ipv4' ? 4 : 6 }
}

/**
 * An IP address in plain notation, else null: a short or octal spelling means different hosts to
 * different parsers.
 */
export function parsePlainIp(ip: string): ipaddr.IPv4 | ipaddr.IPv6 | null {
  if (ipaddr.IPv4.isValidFourPartDecimal(ip)) return ipaddr.IPv4.parse(ip)
  const hex = ip.length <= 45 && ip.includes(':') ? withoutDots(ip) : ''
  return /^[0-9a-fA-F:]+$/.test(hex) && ipaddr.IPv6.isValid(hex) ? ipaddr.IPv6.parse(hex) : null
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

/** The IPv4 address inside a v4-mapped or NAT64 (well-known prefix) address, which is where packets go. */
function carriedV4(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | null {
  if (address.kind() === 'ipv4') return null
  const v6 = address as ipaddr.IPv6
  const isNat64 = v6.range() === 'rfc6052' && v6.parts[2] === 0
  if (!isNat64 && !v6.isIPv4MappedAddress()) return null
  return new ipaddr.IPv4(v6.toByteArray().slice(12))
}

function rangeOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  const range: string = address.range()
  if (range !== 'unicast' || address.kind() === 'ipv4') return range
  return (address as ipaddr.IPv6).match(GLOBAL_UNICAST) ? range : 'unassigned'
}
