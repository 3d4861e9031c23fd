import { createHash, randomBytes } from 'node:crypto'

const SECRET_BYTES = 32
const FORM = /^fk_[A-Za-z0-9_-]{43}$/

/** A new API key: `fk_` and 32 random bytes in base64url. Anyone who holds it can use it. */
export function drawApiSecret(): string {
  return `fk_${randomBytes(SECRET_BYTES).toString('base64url')}`
}

/** Whether a text can be an API key at all. */
export function isApiSecret(text: string): boolean {
  return FORM.test(text)
}

/**
 * What is stored of an API key, and what it is found by. A plain hash suffices: nobody guesses 256
 * random bits, so there is nothing for a slow one to slow down.
 */
export function apiSecretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
