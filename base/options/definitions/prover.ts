import { isIP } from 'node:net'
import { z } from 'zod'
import { flag, option, port, whole } from '../define-option.js'

const IP_ADDRESS = 'must be an IP address (IPv4 as four numbers); the chain stores no host names'
const ip = z.string().refine((value) => isIP(value) !== 0, IP_ADDRESS)
const ipOrLocalhost = z
  .string()
  .refine(
    (value) => isIP(value) !== 0 || value === 'localhost',
    'must be an IP address (IPv4 as four numbers)',
  )

/** Where a prover can be reached. */
export const AXON = {
  'axon.host': option(
    ipOrLocalhost,
    '127.0.0.1',
    'address to listen on; 0.0.0.0 (all interfaces) requires axon.external_ip',
  ),
  'axon.port': option(port, 8091, 'port to listen on'),
  'axon.external_ip': option(
    ip,
    undefined,
    'IP address published on the chain; others must be able to reach it (default: axon.host)',
  ),
  'axon.external_port': option(
    whole(1, 65_535),
    undefined,
    'port published on the chain (default: axon.port)',
  ),
}

/** Who may send requests to a prover. */
export const PROVER = {
  'blacklist.force_verifier_permit': option(
    flag,
    false,
    'accept only callers with a validator permit',
  ),
  'blacklist.allow_non_registered': option(
    flag,
    false,
    'accept callers that are not registered on the chain (dangerous)',
  ),
}
