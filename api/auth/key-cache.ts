import { apiSecretHash } from '../../base/auth/api-secret.js'
import { type ApiKeyRow, findApiKey, noteApiKeyUse } from '../../ledger/keys/api-keys.js'
import type { ApiDeps } from '../deps.js'

/** How long a key is believed without asking the ledger: how long a revoked one may still work. */
const BELIEVED_MS = 2_000
/** Keys in use within that time; beyond it the oldest are asked for again. */
const MAX_BELIEVED = 10_000
/** How exact `last_used_at` is. */
const NOTED_EVERY_MS = 60_000

/** Keys by their hashes as the ledger had them moments ago; who asks meanwhile shares the question. */
export class BelievedKeys {
  readonly #deps: Pick<ApiDeps, 'db' | 'log' | 'now'>
  readonly #byHash = new Map<string, { askedAt: number; key: Promise<ApiKeyRow | null> }>()

  constructor(deps: Pick<ApiDeps, 'db' | 'log' | 'now'>) {
    this.#deps = deps
  }

  /** @throws LedgerError */
  async find(secret: string): Promise<ApiKeyRow | null> {
    const hash = apiSecretHash(secret)
    const name = hash.toString('hex')
    const now = this.#deps.now()
    const known = this.#byHash.get(name)
    // Also when the clock was set back: a revoked key must not live on until it has caught up.
    if (known !== undefined && Math.abs(now - known.askedAt) < BELIEVED_MS) return known.key
    const key = this.#ask(hash)
    const entry = { askedAt: now, key }
    // Anew, so that the oldest comes first.
    this.#byHash.delete(name)
    this.#byHash.set(name, entry)
    if (this.#byHash.size > MAX_BELIEVED) {
      this.#byHash.delete(this.#byHash.keys().next().value!)
    }
    const forget = () => {
      if (this.#byHash.get(name) === entry) this.#byHash.delete(name)
    }
    // Strangers' guesses take no room, and a ledger that is back is asked at once.
    key.then((found) => {
      if (found === null) forget()
    }, forget)
    return key
  }

  async #ask(hash: Buffer): Promise<ApiKeyRow | null> {
    const { db, log, now } = this.#deps
    const key = await findApiKey(db, hash)
    if (key === null || key.revokedAt !== null) return key
    if ((key.lastUsedAt?.getTime() ?? 0) < now() - NOTED_EVERY_MS) {
      noteApiKeyUse(db, key.id).catch((error: Error) => {
        log.warn({ key: key.id, reason: error.message }, 'the use of a key could not be noted')
      })
    }
    return key
  }
}
