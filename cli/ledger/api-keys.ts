import { API_SCOPES, type Scope } from '../../base/auth/api-scopes.js'
import { FractalError } from '../../base/errors.js'
import { isPrintable, sanitizeText } from '../../base/sanitize-text.js'
import {
  type ApiKeyRow,
  createApiKey,
  type KeyLimits,
  listApiKeys,
  revokeApiKey,
} from '../../ledger/keys/api-keys.js'
import { printJson, printLine, printTable } from '../output.js'
import { UsageError } from '../usage-error.js'
import { withDatabase } from './access.js'

type Given = Readonly<Record<string, unknown>>

const MAX_NAME_CHARACTERS = 64
const KEY_ID = /^key_[0-9a-f]{24}$/

/** @throws UsageError */
function nameOf(given: string): string {
  const name = given.trim()
  if (name === '' || Array.from(name).length > MAX_NAME_CHARACTERS) {
    throw new UsageError(`The name of a key has 1 to ${MAX_NAME_CHARACTERS} characters.`)
  }
  if (!isPrintable(name)) {
    throw new UsageError('The name of a key has no control, format or other invisible characters.')
  }
  return name
}

/** @throws UsageError */
function scopesOf(given: string): Scope[] {
  const named = given.split(',').map((scope) => scope.trim())
  const unknown = named.find((scope) => !(API_SCOPES as readonly string[]).includes(scope))
  if (unknown !== undefined) {
    const shown = JSON.stringify(sanitizeText(unknown))
    throw new UsageError(`--scopes: ${shown} is none of ${API_SCOPES.join(', ')}.`)
  }
  return API_SCOPES.filter((scope) => named.includes(scope))
}

/** A limit as people read it: 0 is none. */
function limit(value: number, unit = ''): string {
  return value === 0 ? 'no limit' : `${value}${unit}`
}

/** Makes a key; its secret is printed here and nowhere else. */
export async function createKey(
  given: Given,
  wanted: { name: string; scopes: string; limits: KeyLimits; reusePrompts: boolean },
  json: boolean,
): Promise<void> {
  const name = nameOf(wanted.name)
  const scopes = scopesOf(wanted.scopes)
  const { key, secret } = await withDatabase(given, (db) =>
    createApiKey(db, { name, scopes, reusePrompts: wanted.reusePrompts, ...wanted.limits }),
  )
  if (json) {
    printJson({ ...key, key: secret })
    return
  }
  printLine(`${key.id}  ${key.name}`)
  printLine(`scopes      ${key.scopes.join(', ')}`)
  printLine(`rate        ${limit(key.requestsPerMinute, ' video requests per minute')}`)
  printLine(`concurrent  ${limit(key.concurrentVideos, ' videos')}`)
  printLine(
    `quota       ${limit(key.dailyCost, ' of steps × frames × width × height per UTC day')}`,
  )
  printLine(`prompts     ${key.reusePrompts ? 'checks may reuse them' : 'never reused by checks'}`)
  printLine(`key         ${secret}`)
  printLine('\nKeep the key: only its hash is stored, and it is never shown again.')
}

export async function listKeys(given: Given, json: boolean): Promise<void> {
  const keys = await withDatabase(given, listApiKeys)
  if (json) printJson(keys)
  else if (keys.length === 0) printLine('no keys yet; create one with `fractal key create NAME`')
  else
    printTable(
      [
        'id',
        'name',
        'scopes',
        'rate',
        'concurrent',
        'quota',
        'prompts',
        'created',
        'used',
        'state',
      ],
      keys.map(cells),
    )
}

function cells(key: ApiKeyRow): (string | number | null)[] {
  return [
    key.id,
    key.name,
    key.scopes.join(','),
    limit(key.requestsPerMinute, '/min'),
    limit(key.concurrentVideos),
    limit(key.dailyCost, '/day'),
    key.reusePrompts ? 'reused' : 'private',
    minute(key.createdAt),
    key.lastUsedAt === null ? 'never' : minute(key.lastUsedAt),
    key.revokedAt === null ? 'valid' : `revoked ${minute(key.revokedAt)}`,
  ]
}

/** UTC, to the minute. */
function minute(date: Date): string {
  return `${date.toISOString().slice(0, 16)}Z`
}

/** @throws FractalError `no_key`, `key_revoked` */
export async function revokeKey(given: Given, id: string, json: boolean): Promise<void> {
  // Not repeated: whoever gives the key itself by mistake must not find it on the screen.
  if (!KEY_ID.test(id)) {
    throw new UsageError(
      'A key id is key_ and 24 hexadecimal digits.',
      '`fractal key list` lists the keys.',
    )
  }
  const outcome = await withDatabase(given, (db) => revokeApiKey(db, id))
  switch (outcome) {
    case 'unknown':
      throw new FractalError('no_key', `There is no key ${id}.`, {
        hint: '`fractal key list` lists the keys.',
      })
    case 'revoked_before':
      throw new FractalError('key_revoked', `The key ${id} is already revoked.`)
    case 'revoked':
      if (json) printJson({ id, revoked: true })
      else printLine(`${id} is revoked; every API refuses it within a few seconds.`)
  }
}
