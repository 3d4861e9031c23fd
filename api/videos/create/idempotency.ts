import { createHash } from 'node:crypto'
import type { Request } from 'express'
import { z } from 'zod'
import { textLike } from '../../http/fields.js'
import { refusedField } from '../../http/validate.js'
import type { VideoRequest } from './request.js'

const MAX_CHARACTERS = 255
/** Bare, or a String of RFC 9651, which is what the draft's header is; what it quotes has no spaces here. */
const KEY = /^(?:[!#-~][!-~]{0,254}|"(?:[!#-[\]-~]|\\["\\]){1,255}")$/
const RULE = `must be 1 to ${MAX_CHARACTERS} visible ASCII characters, bare or in double quotes, once`

/** The header, for the document; `idempotencyKey` reads it. */
export const idempotencyHeaders = z.object({
  'Idempotency-Key': textLike(KEY, RULE)
    .optional()
    .meta({
      description:
        'Chosen by the client, 1 to 255 visible ASCII characters, bare or as a quoted string; preferably a UUID such as `"8e03978e-40d5-43e8-bc93-6894a57f9324"`. The same key ' +
        'with the same body makes one video, however often it is sent within 24 hours. A failed request does not ' +
        'use up its key.',
    }),
})

/**
 * The client's Idempotency-Key (draft-ietf-httpapi-idempotency-key-header), null when it sent none.
 * `"abc"` and `abc` are the same key.
 * @throws ApiError `invalid_request`
 */
export function idempotencyKey(req: Request): string | null {
  const header = req.headers['idempotency-key']
  if (header === undefined) return null
  const text = String(header)
  if (!KEY.test(text)) throw refusedField('Idempotency-Key', text, RULE, { hint: 'Use a UUID.' })
  return text.startsWith('"') ? text.slice(1, -1).replace(/\\(["\\])/g, '$1') : text
}

/**
 * What a request asks for, as one hash: of its fields as they were understood, so that the order and
 * the encoding of a body do not matter. How the answer is delivered (`stream`) is not part of it.
 */
export function requestSha256(request: VideoRequest): Uint8Array {
  const fields = Object.entries(request)
    .filter(([name, value]) => name !== 'stream' && value !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256').update(JSON.stringify(fields)).digest()
}
