import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apiSecretHash } from '../../../base/auth/api-secret.js'
import { makeDemoKeys } from '../../../dev/demo/keys.js'
import { createApiKey, findApiKey } from '../../../ledger/keys/api-keys.js'
import { useDatabase } from '../../support/postgres.js'

describe('dev/demo-keys', () => {
  const database = useDatabase()
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-demo-keys-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('makes new keys at each start, ends those of the start before, and no others', async () => {
    const { db } = database()
    const find = async (secret: string) => (await findApiKey(db, apiSecretHash(secret)))!
    const limits = { requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0, reusePrompts: true }
    const another = await createApiKey(db, { name: 'demo', scopes: ['read'], ...limits })
    const first = await makeDemoKeys(db, folder)
    const second = await makeDemoKeys(db, folder)
    assert.deepEqual((await find(second.shown)).scopes, ['generate', 'read', 'admin'])
    assert.deepEqual((await find(second.users)).scopes, ['generate'])
    for (const secret of Object.values(second)) assert.equal((await find(secret)).revokedAt, null)
    for (const secret of Object.values(first)) {
      assert.notEqual((await find(secret)).revokedAt, null)
    }
    assert.equal(
      (await find(another.secret)).revokedAt,
      null,
      'a key of the same name is no demo’s',
    )
    assert.doesNotMatch(await readFile(join(folder, 'demo-keys.json'), 'utf8'), /fk_/)
  })
})
