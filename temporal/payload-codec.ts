import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Payload, PayloadCodec } from '@temporalio/common'
import { FractalError } from '../base/errors.js'
import type { PayloadKey } from '../base/options/payload-keys.js'

/** The name from Temporal's own examples: viewers know that they can't show such payloads. */
const ENCRYPTED = 'binary/encrypted'
const KEY_ID = 'encryption-key-id'
const CIPHER = 'aes-256-gcm'
/** Bytes of a GCM nonce. */
const NONCE = 12
const TAG = 16

/**
 * Encrypts what Temporal stores of our workflows: inputs, results, failures, summaries, details. The first
 * key encrypts, all of them decrypt, and what was stored unencrypted stays readable; without any key, nothing
 * is encrypted. Search attributes and ids stay unencrypted, because Temporal searches by them.
 */
export class EncryptingCodec implements PayloadCodec {
  readonly #keys: readonly PayloadKey[]

  constructor(keys: readonly PayloadKey[]) {
    this.#keys = keys
  }

  async encode(payloads: Payload[]): Promise<Payload[]> {
    const [key] = this.#keys
    return key === undefined ? payloads : payloads.map((payload) => encrypt(payload, key))
  }

  /** @throws FractalError `payload_key_missing`, `payload_damaged` */
  async decode(payloads: Payload[]): Promise<Payload[]> {
    return payloads.map((payload) => this.#decode(payload))
  }

  #decode(payload: Payload): Payload {
    if (textOf(payload, 'encoding') !== ENCRYPTED) return payload
    const id = textOf(payload, KEY_ID)
    const key = this.#keys.find((each) => each.id === id)
    if (key !== undefined) return decrypt(payload, key)
    throw new FractalError(
      'payload_key_missing',
      `what Temporal stores here is encrypted with the key ${id}, which this process does not have`,
      {
        hint: 'Give it --temporal.payload_key_file with that key among its keys, as the other processes have it.',
        retryable: true,
      },
    )
  }
}

function textOf(payload: Payload, name: string): string {
  const bytes = payload.metadata?.[name]
  return bytes === undefined || bytes === null ? '' : Buffer.from(bytes).toString()
}

function encrypt(payload: Payload, { id, bytes }: PayloadKey): Payload {
  const nonce = randomBytes(NONCE)
  const cipher = createCipheriv(CIPHER, bytes, nonce).setAAD(Buffer.from(id))
  const sealed = [cipher.update(pack(payload)), cipher.final(), cipher.getAuthTag()]
  return {
    metadata: { encoding: Buffer.from(ENCRYPTED), [KEY_ID]: Buffer.from(id) },
    data: Buffer.concat([nonce, ...sealed]),
  }
}

function decrypt(payload: Payload, { id, bytes }: PayloadKey): Payload {
  const data = Buffer.from(payload.data ?? [])
  try {
    const decipher = createDecipheriv(CIPHER, bytes, data.subarray(0, NONCE), {
      authTagLength: TAG,
    })
    decipher.setAAD(Buffer.from(id)).setAuthTag(data.subarray(-TAG))
    return unpack(Buffer.concat([decipher.update(data.subarray(NONCE, -TAG)), decipher.final()]))
  } catch (cause) {
    throw new FractalError(
      'payload_damaged',
      `what Temporal stores here can't be decrypted with the key ${id}: it was changed`,
      { hint: 'Check who else writes to this Temporal namespace.', cause },
    )
  }
}

/** The whole payload, including its encoding metadata. */
function pack({ metadata, data }: Payload): Buffer {
  const base64 = (bytes: Uint8Array | null | undefined) =>
    Buffer.from(bytes ?? []).toString('base64')
  const named = Object.entries(metadata ?? {}).map(([name, bytes]) => [name, base64(bytes)])
  return Buffer.from(JSON.stringify({ metadata: Object.fromEntries(named), data: base64(data) }))
}

function unpack(packed: Buffer): Payload {
  const { metadata, data } = JSON.parse(packed.toString()) as {
    metadata: Record<string, string>
    data: string
  }
  const bytes = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'))
  const named = Object.entries(metadata).map(([name, base64]) => [name, bytes(base64)])
  return { metadata: Object.fromEntries(named), data: bytes(data) }
}
