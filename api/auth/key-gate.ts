import type { Request, RequestHandler, Response } from 'express'
import type { Scope } from '../../base/auth/api-scopes.js'
import { isApiSecret } from '../../base/auth/api-secret.js'
import type { ApiKeyRow } from '../../ledger/keys/api-keys.js'
import type { ApiDeps } from '../deps.js'
import { ApiError } from '../http/errors.js'
import { BelievedKeys } from './key-cache.js'
import type { Access } from './required-scope.js'

const SCHEME = /^bearer +(\S+) *$/i
const SEND_IT = 'Send the header Authorization: Bearer fk_…'

/**
 * Lets callers through that may call an operation of this access; from there on `apiKeyId(res)` is their key.
 */
export type Gate = (access: Access) => RequestHandler

/** The gate before every operation: API keys as the ledger has them, cached for moments. */
export function keyGate(
  deps: Pick<ApiDeps, 'db' | 'log' | 'now' | 'elapsed' | 'publicNetwork'>,
): Gate {
  const believed = new BelievedKeys(deps)
  return (access) => {
    const scope = scopeOf(access, deps.publicNetwork)
    if (scope === null) return (_req, _res, next) => next()
    return async (req, res, next) => {
      const secret = secretOf(req, res)
      const key = await believed.find(secret)
      if (key === null || key.revokedAt !== null) {
        res.set('WWW-Authenticate', challenge({ error: 'invalid_token' }))
        throw key === null
          ? new ApiError('invalid_api_key', 'This API key is unknown.', {
              hint: '`fractal key list` lists the keys; a key itself is shown only when it is created.',
            })
          : new ApiError('invalid_api_key', 'This API key was revoked.', {
              hint: 'Create another one with `fractal key create`.',
            })
      }
      if (!mayDo(key, scope)) {
        res.set('WWW-Authenticate', challenge({ error: 'insufficient_scope', scope }))
        throw new ApiError('insufficient_scope', `This API key lacks the scope ${scope}.`, {
          hint: `It has: ${key.scopes.join(', ')}.`,
        })
      }
      res.locals.apiKey = key
      res.locals.keyLives = async () => {
        const now = await believed.find(secret)
        return now !== null && now.revokedAt === null
      }
      next()
    }
  }
}

/** The caller's key, as it was moments ago. */
export function callerKey(res: Response): ApiKeyRow {
  const key = res.locals.apiKey as ApiKeyRow | undefined
  if (key === undefined) throw new TypeError('this operation is open to callers without a key')
  return key
}

/** Whether the caller's key is still valid: for answers that take long. @throws LedgerError */
export function keyLives(res: Response): Promise<boolean> {
  return (res.locals.keyLives as () => Promise<boolean>)()
}

/** The id of the caller's key. */
export function apiKeyId(res: Response): string {
  return callerKey(res).id
}

/** What a caller has to be allowed; null: nothing. */
function scopeOf(access: Access, publicNetwork: boolean): Scope | null {
  if (access === 'everybody') return null
  if (access === 'network') return publicNetwork ? null : 'read'
  return access
}

function mayDo(key: ApiKeyRow, scope: Scope): boolean {
  return key.scopes.includes(scope) || key.scopes.includes('admin')
}

/** RFC 6750, section 3. */
function challenge(parameters: { error?: string; scope?: Scope } = {}): string {
  return Object.entries({ realm: 'fractal', ...parameters })
    .map(([name, value], i) => `${i === 0 ? 'Bearer ' : ''}${name}="${value}"`)
    .join(', ')
}

/** @throws ApiError `invalid_api_key` when the request carries nothing that can be a key */
function secretOf(req: Request, res: Response): string {
  const header = req.headers.authorization
  const secret = SCHEME.exec(header ?? '')?.[1]
  if (secret !== undefined && isApiSecret(secret)) return secret
  res.set('WWW-Authenticate', challenge(secret === undefined ? {} : { error: 'invalid_token' }))
  throw new ApiError('invalid_api_key', whyNoSecret(req, secret), { hint: SEND_IT })
}

function whyNoSecret({ headers }: Request, secret: string | undefined): string {
  if (secret !== undefined) return 'The API key is malformed: a key is fk_ and 43 characters.'
  if (headers.authorization !== undefined) {
    return 'The Authorization header is malformed: it must be Bearer, a space and the API key.'
  }
  if (headers['x-api-key'] !== undefined || headers['api-key'] !== undefined) {
    return 'The API key was sent in a header that is not supported.'
  }
  return 'This endpoint requires an API key, and none was sent.'
}
