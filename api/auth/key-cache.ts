import { LRUCache } from 'lru-cache'
import { apiSecretHash } from '../../base/auth/api-secret.js'
import { type ApiKeyRow, findApiKey, recordApiKeyUse } from '../../ledger/keys/api-keys.js'
import type { ApiDeps } from '../deps.js'

/** How long a key is cached: how long a revoked one may still work. */
const TTL_MS = 2_000
/** Keys in use within that time. */
const MAX_KEYS = 10_000
/** How exact `last_used_at` is. */
const NOTED_EVERY_MS = 60_000

/** Keys by their hashes as the ledger had them moments ago; concurrent callers share one query. */
export class BelievedKeys {
  readonly #deps: Pick<ApiDeps, 'db' | 'log' | 'now' | 'elapsed'>
  readonly #byHash: LRUCache<string, Promise<ApiKeyRow | null>>

  constructor(deps: Pick<ApiDeps, 'db' | 'log' | 'now' | 'elapsed'>) {
    this.#deps = deps
    this.#byHash = new LRUCache({
      max: MAX_KEYS,
      ttl: TTL_MS,
      ttlResolution: 0,
      perf: { now: deps.elapsed },
    })
  }

  /** @throws LedgerError */
  async find(secret: string): Promise<ApiKeyRow | null> {
    const hash = apiSecretHash(secret)
    const name = hash.toString('hex')
    const known = this.#byHash.get(name)
    if (known !== undefined) return known
    const key = this.#ask(hash)
    this.#byHash.set(name, key)
    const forget = () => {
      if (this.#byHash.peek(name) === key) this.#byHash.delete(name)
    }
    // Strangers' guesses take no room, and a ledger that is up again is asked immediately.
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
      recordApiKeyUse(db, key.id).catch((error: Error) => {
        log.warn({ key: key.id, reason: error.message }, 'recording the use of an API key failed')
      })
    }
    return key
  }
}
