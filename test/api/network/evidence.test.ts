import assert from 'node:assert/strict'
import { sr25519Ready } from '../../../base/sr25519.js'
import { signRecord } from '../../../ledger/intervals/records.js'
import { decideWeights } from '../../../ledger/intervals/weights.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { freshNonce, signRequest } from '../../../wire/btauth.js'
import { testSigner } from '../../chain/keys.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { EVIDENCE_SHA256, EVIDENCE_TEXT, storedEvidence } from '../../support/records/evidence.js'
import { awayTemporal, type Problem, startApi, type TestApi } from '../server.js'
import { livedInterval, NO_WEIGHTS, scenic, settled } from './scene.js'

describe('/v1/network/evidence/{sha256}', () => {
  const database = useDatabase()
  const temporal = awayTemporal()
  let id: VerifierId
  let server: TestApi
  before(async () => {
    await sr25519Ready()
    id = { ...newVerifier(), verifier: testSigner('judge').ss58 }
    server = await startApi({ db: database().db, temporal, verifierId: id })
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
  })

  const get = async (name: string | null, receiver = id.verifier): Promise<[number, string]> => {
    const target = `/v1/network/evidence/${EVIDENCE_SHA256}`
    const headers =
      name === null
        ? {}
        : signRequest({
            ...{ method: 'GET', target, body: new Uint8Array(), receiver },
            ...{ signer: testSigner(name), nonce: freshNonce() },
          })
    const res = await fetch(server.url + target, { headers })
    if (res.ok) return [res.status, await res.text()]
    return [res.status, ((await res.json()) as Problem).code]
  }

  it('is for the accused alone, once its interval is shown', async () => {
    const { db } = database()
    const accused = { ...scenic(1), hotkey: testSigner('accused').ss58 }
    await livedInterval(db, id, 1, [{ of: accused, passes: 1 }])
    await storedEvidence(db, id, 1, accused, true)
    assert.deepEqual(await get('accused'), [404, 'evidence_not_found'])
    await settled(db, id, 1, { weights: null })
    assert.deepEqual(await get('accused'), [404, 'evidence_not_found'])
    await db.tx((tx) => decideWeights(tx, id, 1, NO_WEIGHTS))
    assert.deepEqual(await get('accused'), [200, EVIDENCE_TEXT])
    assert.deepEqual(await get('another'), [403, 'not_the_accused'])
    assert.deepEqual(await get(null), [401, 'invalid_signature'])
    assert.deepEqual(await get('accused', testSigner('x').ss58), [401, 'invalid_signature'])
  })

  it('is for everybody without a user’s words, once the record of its interval is public', async () => {
    const { db } = database()
    await db.execute('UPDATE evidence SET of_user = false')
    assert.deepEqual(await get(null), [401, 'invalid_signature'])
    await livedInterval(db, id, 2, [{ of: scenic(1), passes: 1 }])
    await settled(db, id, 2)
    assert.deepEqual(await get(null), [401, 'invalid_signature'], 'its record is not signed')
    await signRecord(db, id, 1, '0x00')
    assert.deepEqual(await get(null), [200, EVIDENCE_TEXT])
    await db.execute('UPDATE evidence SET of_user = true')
    assert.deepEqual(await get(null), [401, 'invalid_signature'])
  })
})
