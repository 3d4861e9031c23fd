import type { IPv4, IPv6 } from 'ipaddr.js'
import { parsePlainIp } from '../base/net/public-address.js'
import { ChainError } from './errors.js'

/**
 * Parses an IP address to publish on the chain. Strict: if it were parsed as a different address than
 * intended (203.0.113 as 203.0.0.113), nobody would find the prover.
 * @throws ChainError `InvalidIpType`; `InvalidIpAddress` for 0.0.0.0 and ::, which can't be reached
 */
export function servedIp(text: string): IPv4 | IPv6 {
  const address = parsePlainIp(text)
  if (address === null) throw new ChainError('InvalidIpType', `${text} is not an IP address`)
  if (address.toByteArray().every((byte) => byte === 0)) {
    throw new ChainError('InvalidIpAddress', `${text} is not an address that others can reach`)
  }
  return address
}
