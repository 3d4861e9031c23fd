import { FractalError } from '../base/errors.js'
import { judgeAddress, parsePlainIp } from '../base/net/public-address.js'
import type { AxonAddress } from '../chain/chain.js'

export interface AxonSettings {
  /** Where the prover listens. */
  readonly host: string
  /** 0: any free port. */
  readonly port: number
  /** Published on the chain instead, if given. */
  readonly externalIp: string | undefined
  readonly externalPort: number | undefined
}

/**
 * The address to publish on the chain, which verifiers must be able to reach. With any other, its operator
 * could lose a day before anybody notices.
 * @param allowPrivate allows loopback and private addresses (development)
 * @returns port 0 if the system is to choose it
 * @throws FractalError `axon_address`
 */
export function advertisedAddress(axon: AxonSettings, allowPrivate: boolean): AxonAddress {
  const { host, externalIp } = axon
  const port = axon.externalPort ?? axon.port
  if (externalIp === undefined && (host === 'localhost' || isAny(host))) {
    throw new FractalError(
      'axon_address',
      `--axon.host ${host} says where to listen: others can’t reach this prover at it`,
      { hint: HINT },
    )
  }
  const ip = externalIp ?? host
  const judged = judgeAddress(ip, allowPrivate)
  if (!('refused' in judged)) return { ip: judged.ip, port }
  const given = externalIp === undefined ? `--axon.host ${host}` : `--axon.external_ip ${ip}`
  throw new FractalError('axon_address', `verifiers refuse ${given}: ${judged.refused}`, {
    hint: judged.isPrivate
      ? `${HINT} On a network of your own: --chain.allow_private_addresses, for the verifier too.`
      : HINT,
  })
}

const HINT =
  'Give --axon.external_ip, the address by which others reach this machine; `fractal doctor --role prover` helps.'

/** 0.0.0.0 and ::, however they are spelled. */
function isAny(host: string): boolean {
  return (
    parsePlainIp(host)
      ?.toByteArray()
      .every((byte) => byte === 0) ?? false
  )
}
