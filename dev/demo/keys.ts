import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import type { Database } from '../../ledger/database.js'
import { createApiKey, type NewApiKey, revokeApiKey } from '../../ledger/keys/api-keys.js'

/** The keys of one start of the demo: shown to whoever started it, and its users' own. */
export interface DemoKeys {
  readonly shown: string
  readonly users: string
}

const NO_LIMITS = { requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0, reusePrompts: true }
/** Far beyond what a laptop generates, so that limits are seen in the headers and stop nobody. */
const SHOWN: NewApiKey = {
  name: 'demo',
  scopes: ['generate', 'read', 'admin'],
  requestsPerMinute: 600,
  concurrentVideos: 100,
  dailyCost: 0,
  reusePrompts: true,
}
const USERS: NewApiKey = { ...NO_LIMITS, name: 'demo users', scopes: ['generate'] }

const idsSchema = z.array(z.string())

/**
 * Makes this start's keys and ends those of the start before: their secrets are on somebody's screen.
 * The state folder remembers the ids alone.
 */
export async function makeDemoKeys(db: Database, stateRoot: string): Promise<DemoKeys> {
  const file = path.join(stateRoot, 'demo-keys.json')
  for (const id of await idsIn(file)) await revokeApiKey(db, id)
  const [shown, users] = [await createApiKey(db, SHOWN), await createApiKey(db, USERS)]
  await writeFile(file, `${JSON.stringify([shown.key.id, users.key.id])}\n`)
  return { shown: shown.secret, users: users.secret }
}

async function idsIn(file: string): Promise<string[]> {
  try {
    return idsSchema.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    // The first start in this folder.
    return []
  }
}
