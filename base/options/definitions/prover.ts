import { isIP } from 'node:net'
import { z } from 'zod'
import { flag, option, port, whole } from '../define-option.js'

const IP_ADDRESS = 'must be an IP address, IPv4 in four whole numbers: the chain takes no names'
const ip = z.string().refine((value) => isIP(value) !== 0, IP_ADDRESS)
const ipOrLocalhost = z
  .string()
  .refine(
    (value) => isIP(value) !== 0 || value === 'localhost',
    'must be an IP address, IPv4 in four whole numbers',
  )

/** Where a prover is reached. */
export const AXON = {
  'axon.host': option(
    ipOrLocalhost,
    '127.0.0.1',
    'address to listen on; 0.0.0.0 (all of this machine’s) needs axon.external_ip',
  ),
  'axon.port': option(port, 8091, 'port to listen on'),
  'axon.external_ip': option(
    ip,
    undefined,
    'address put on the chain: an IP address that others reach (default: axon.host)',
  ),
  'axon.external_port': option(
    whole(1, 65_535),
    undefined,
    'port put on the chain (default: axon.port)',
  ),
}

/** Who may ask it, and how much. */
export const PROVER = {
  'blacklist.force_verifier_permit': option(flag, false, 'answer only callers with a permit'),
  'blacklist.allow_non_registered': option(
    flag,
    false,
    'answer callers unknown to the chain: dangerous',
  ),
  'prover.capacity': option(
    whole(1, 1024),
    2,
    'requests that a caller with a permit may have here at once (running and waiting); more get 429',
  ),
}
