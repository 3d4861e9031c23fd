import type { IPv4, IPv6 } from 'ipaddr.js'
import { parsePlainIp } from '../base/net/public-address.js'
import { ChainError } from './errors.js'

/**
 * An IP address as it is put on the chain. Strict: what is read as another address than was meant
 * (203.0.113 as 203.0.0.113) makes a prover that nobody finds.
 * @throws ChainError `InvalidIpType`; `InvalidIpAddress` of 0.0.0.0 and ::, where nobody is reached
 */
export function servedIp(text: string): IPv4 | IPv6 {
  const address = parsePlainIp(text)
  if (address === null) throw new ChainError('InvalidIpType', `${text} is not an IP address`)
  if (address.toByteArray().every((byte) => byte === 0)) {
    throw new ChainError('InvalidIpAddress', `nobody is reached at ${text}`)
  }
  return address
}
