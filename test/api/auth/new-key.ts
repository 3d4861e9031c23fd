import type { Queryable } from '../../../ledger/database.js'
import { createApiKey, type NewApiKey } from '../../../ledger/keys/api-keys.js'

export interface TestKey {
  readonly id: string
  readonly secret: string
}

/** A key of a test's own: without limits and for videos, until it is changed. */
export async function newKey(db: Queryable, changes: Partial<NewApiKey> = {}): Promise<TestKey> {
  const { key, secret } = await createApiKey(db, {
    name: 'of a test',
    scopes: ['generate', 'read'],
    requestsPerMinute: 0,
    concurrentVideos: 0,
    dailyCost: 0,
    reusePrompts: true,
    ...changes,
  })
  return { id: key.id, secret }
}

export async function jobsOf(db: Queryable, { id }: TestKey): Promise<string[]> {
  const rows = await db.query<{ id: string }>(
    'SELECT id FROM jobs WHERE api_key_id = $1 ORDER BY id',
    [id],
  )
  return rows.map((row) => row.id)
}
