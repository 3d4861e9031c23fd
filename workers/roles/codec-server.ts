import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { closeServer, listen } from '../../base/net/http-listener.js'
import type { Options } from '../../base/options/options.js'
import { parsePayloadKeys } from '../../base/options/payload-keys.js'
import { createCodecServer } from '../../temporal/codec-server.js'
import { EncryptingCodec } from '../../temporal/payload-codec.js'
import { asRunning, type Running } from '../running.js'

export const CODEC_SERVER_OPTIONS = [
  'temporal.payload_key',
  'codec.host',
  'codec.port',
  'codec.origins',
] as const

/**
 * Starts a codec server, by which Temporal's web UI and command line show what is encrypted.
 * @throws FractalError `bad_option` without a key; `port_taken`
 */
export async function runCodecServer(
  options: Options<(typeof CODEC_SERVER_OPTIONS)[number]>,
  log: Log,
): Promise<Running> {
  const keys = parsePayloadKeys(options['temporal.payload_key'] ?? '')
  if (keys === null) {
    throw new FractalError('bad_option', 'a codec server needs the key', {
      hint: 'Give --temporal.payload_key_file, the same as the other processes have.',
    })
  }
  const origins = options['codec.origins'].split(',').map((origin) => origin.trim())
  const server = createCodecServer({ codec: new EncryptingCodec(keys), origins })
  const address = { host: options['codec.host'], port: options['codec.port'] }
  const { url } = await listen(server, address, {
    what: 'the codec server',
    remedy: 'choose another with --codec.port',
  })
  log.info({ url, origins }, 'the codec server listens')
  return asRunning(() => closeServer(server, { graceMs: 0 }))
}
