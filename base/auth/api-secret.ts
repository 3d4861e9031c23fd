import { createHash, randomBytes } from 'node:crypto'

const SECRET_BYTES = 32
const FORM = /^fk_[A-Za-z0-9_-]{43}$/

/** A new API key: `fk_` and 32 random bytes in base64url. Anyone who holds it can use it. */
export function drawApiSecret(): string {
  return `fk_${randomBytes(SECRET_BYTES).toString('base64url')}`
}

/** Whether a text has the format of an API key. */
export function isApiSecret(text: string): boolean {
  return FORM.test(text)
}

/**
 * The stored hash of an API key, by which it is looked up. A plain hash is enough: nobody can guess 256
 * random bits, so a slow hash would add nothing.
 */
export function apiSecretHash(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}
