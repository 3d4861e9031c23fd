import { hash } from 'node:crypto'
import type { Hex } from '../formats/bytes.js'
import { type GenerationBody, generationBodyText } from '../formats/generation.js'
import { generationBodySchema, parseJsonBody } from './schemas.js'

/** The exact bytes of a request: the same keys in the same order, whoever sends it and why. */
export function encodeBody(body: GenerationBody): { bytes: Uint8Array; sha256: Hex } {
  const bytes = Buffer.from(generationBodyText(body))
  return { bytes, sha256: hash('sha256', bytes) }
}

/**
 * Reads a request's bytes.
 * @throws WireError `bad_request`; `details.field` names the first invalid field
 */
export function decodeBody(bytes: Uint8Array): GenerationBody {
  return parseJsonBody(generationBodySchema, bytes)
}
