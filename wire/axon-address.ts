import { judgeAddress } from '../base/net/public-address.js'
import { WireError } from './error.js'

/** Where a prover serves, according to its axon on the chain. */
export interface AxonAddress {
  ip: string
  port: number
}

/** An address that may be connected to, in canonical form. */
export interface VettedAddress extends AxonAddress {
  family: 4 | 6
}

/**
 * Vets an untrusted address by the rules of `judgeAddress`.
 * @param options.allowPrivate allows loopback, private, link-local, CGNAT and ULA addresses (development)
 * @throws WireError `address_refused`
 */
export function vetAddress(
  ip: string,
  port: number,
  options: { allowPrivate: boolean },
): VettedAddress {
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw refuse(`${port} is not a port`, false)
  }
  const judged = judgeAddress(ip, options.allowPrivate)
  if ('refused' in judged) throw refuse(judged.refused, judged.isPrivate)
  return { ...judged, port }
}

function refuse(why: string, isPrivate: boolean): WireError {
  return new WireError('address_refused', `axon address refused: ${why}`, {
    hint: isPrivate
      ? 'In development, --chain.allow_private_addresses lets such addresses pass.'
      : 'The prover has to serve a public address on the chain.',
  })
}
