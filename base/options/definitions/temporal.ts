import { z } from 'zod'
import { flag, option, text } from '../define-option.js'
import { parsePayloadKeys } from '../payload-keys.js'

const payloadKeys = z
  .string()
  .refine(
    (value) => parsePayloadKeys(value) !== null,
    'must be 32 bytes in hex or base64; several keys stand one a line, each once',
  )

/** Where Temporal is. */
export const TEMPORAL = {
  'temporal.address': option(text, '127.0.0.1:7233', 'host:port of Temporal'),
  'temporal.namespace': option(text, 'default', 'one for each subnet and hotkey'),
  'temporal.tls': option(flag, false, 'TLS to Temporal; its certificate is verified'),
  'temporal.tls_ca': option(
    text,
    undefined,
    'file (PEM) of the authority of Temporal’s certificate (default: the system’s)',
  ),
  'temporal.tls_cert': option(text, undefined, 'file (PEM) of our certificate for Temporal'),
  'temporal.tls_key': option(text, undefined, 'file (PEM) of that certificate’s key'),
  'temporal.tls_server_name': option(
    text,
    undefined,
    'name in Temporal’s certificate, where that is not the address’s',
  ),
  'temporal.api_key': option(text, undefined, 'API key of Temporal Cloud', true),
  'temporal.payload_key': option(
    payloadKeys,
    undefined,
    'encrypts what Temporal stores: 32 bytes, the same for all processes; the first of several encrypts',
    true,
  ),
}
