import { z } from 'zod'
import { flag, option, port, text } from '../define-option.js'
import { parsePayloadKeys } from '../payload-keys.js'

const payloadKeys = z
  .string()
  .refine(
    (value) => parsePayloadKeys(value) !== null,
    'must be 32 bytes in hex or base64; several keys: one per line, each once',
  )

/** Where Temporal is. */
export const TEMPORAL = {
  'temporal.address': option(text, '127.0.0.1:7233', 'Temporal address, HOST:PORT'),
  'temporal.namespace': option(
    text,
    'default',
    'Temporal namespace; one for each subnet and hotkey',
  ),
  'temporal.tls': option(flag, false, 'TLS to Temporal, with its certificate verified'),
  'temporal.tls_ca': option(
    text,
    undefined,
    'CA certificate file (PEM) for Temporal (default: the system’s CAs)',
  ),
  'temporal.tls_cert': option(text, undefined, 'client certificate file (PEM) for Temporal'),
  'temporal.tls_key': option(text, undefined, 'private key file (PEM) of that client certificate'),
  'temporal.tls_server_name': option(
    text,
    undefined,
    'server name in Temporal’s certificate, if it differs from the address',
  ),
  'temporal.api_key': option(text, undefined, 'Temporal Cloud API key', true),
  'temporal.payload_key': option(
    payloadKeys,
    undefined,
    'key that encrypts what Temporal stores: 32 bytes, the same for all processes; of several keys the first encrypts',
    true,
  ),
}

/** Comma-separated origins of web pages: a scheme, a host and perhaps a port, as browsers send them. */
const origins = z
  .string()
  .refine(
    (value) => value.split(',').every((each) => /^https?:\/\/[^/?#@\s]+$/.test(each.trim())),
    'must be origins as http://HOST:PORT; separate several with commas',
  )

/** A codec server, for Temporal's web UI and command line. */
export const CODEC = {
  'codec.host': option(
    text,
    '127.0.0.1',
    'address that the codec server listens on: whoever reaches it can read what Temporal stores',
  ),
  'codec.port': option(port, 8234, 'port of the codec server'),
  'codec.origins': option(
    origins,
    'http://127.0.0.1:8233,http://localhost:8233',
    'web pages that may ask the codec server: Temporal’s UI as your browser names it, comma-separated',
  ),
}
