import { fileURLToPath } from 'node:url'
import type { DataConverter } from '@temporalio/common'
import type { TLSConfig } from '@temporalio/worker'
import { FractalError } from '../base/errors.js'
import type { TEMPORAL_OPTIONS } from '../base/options/groups.js'
import type { Options } from '../base/options/options.js'
import { parsePayloadKeys } from '../base/options/payload-keys.js'
import { readTlsFiles } from '../base/options/tls-files.js'
import { EncryptingCodec } from './payload-codec.js'

/** Where Temporal is, how to connect to it, and how payloads are encoded. */
export interface TemporalAddress {
  /** `host:port` */
  readonly address: string
  readonly namespace: string
  /** Absent: no TLS. */
  readonly tls?: TLSConfig | undefined
  readonly apiKey?: string | undefined
  readonly dataConverter?: DataConverter | undefined
}

type TemporalOptions = Options<(typeof TEMPORAL_OPTIONS)[number]>

/** Encrypts the messages and stacks of failures along with the rest. */
export const FAILURE_CONVERTER = fileURLToPath(
  new URL('../workflows/failure-converter.cjs', import.meta.url),
)

/** @throws FractalError `bad_option` */
export function temporalAddress(
  options: TemporalOptions,
): TemporalAddress & { dataConverter: DataConverter } {
  return {
    address: options['temporal.address'],
    namespace: options['temporal.namespace'],
    tls: temporalTls(options),
    apiKey: options['temporal.api_key'],
    dataConverter: dataConverter(options['temporal.payload_key']),
  }
}

/**
 * Without a key the codec is still installed: it passes on plain payloads, and says which key is missing for
 * encrypted ones.
 */
function dataConverter(keys: string | undefined): DataConverter {
  if (keys === undefined) return { payloadCodecs: [new EncryptingCodec([])] }
  return {
    payloadCodecs: [new EncryptingCodec(parsePayloadKeys(keys) ?? [])],
    failureConverterPath: FAILURE_CONVERTER,
  }
}

function temporalTls(options: TemporalOptions): TLSConfig | undefined {
  const parts = ['tls_ca', 'tls_cert', 'tls_key', 'tls_server_name', 'api_key'] as const
  if (!options['temporal.tls']) {
    // Without TLS, an API key would be readable on the network.
    const part = parts.find((each) => options[`temporal.${each}`] !== undefined)
    if (part === undefined) return undefined
    throw new FractalError('bad_option', `--temporal.${part} needs --temporal.tls`, {
      hint: 'Add --temporal.tls.',
    })
  }
  const { ca, cert, key } = readTlsFiles('temporal.tls', {
    ca: options['temporal.tls_ca'],
    cert: options['temporal.tls_cert'],
    key: options['temporal.tls_key'],
  })
  const name = options['temporal.tls_server_name']
  return {
    ...(ca === undefined ? {} : { serverRootCACertificate: Buffer.from(ca) }),
    ...(cert === undefined || key === undefined
      ? {}
      : { clientCertPair: { crt: Buffer.from(cert), key: Buffer.from(key) } }),
    ...(name === undefined ? {} : { serverNameOverride: name }),
  }
}
