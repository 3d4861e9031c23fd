import assert from 'node:assert/strict'
import { lapseInterval } from '../../../ledger/intervals/intervals.js'
import { putRecord, signRecord } from '../../../ledger/intervals/records.js'
import { unfinishedIntervals } from '../../../ledger/intervals/unfinished.js'
import { decideWeights } from '../../../ledger/intervals/weights.js'
import { useDatabase } from '../../support/postgres.js'
import { newVerifier, openInterval } from '../fixtures.js'

describe('ledger/unfinished', () => {
  const database = useDatabase()
  const record = (n: number) => ({
    body: '{}',
    hash: String(n).padStart(64, '0'),
    previousHash: null,
  })

  it('intervals are, until they are judged, their weights shown and their records signed', async () => {
    const { db } = database()
    const id = newVerifier()
    const unfinished = async () =>
      (await unfinishedIntervals(db, id)).map(({ n, onlyUnsigned }) => [n, onlyUnsigned])

    for (const n of [1, 2, 3]) await openInterval(db, id, n)
    assert.deepEqual(await unfinished(), [
      [1, false],
      [2, false],
      [3, false],
    ])

    await db.tx(async (tx) => {
      await lapseInterval(tx, id, 1)
      await putRecord(tx, id, 1, record(1))
      await tx.execute(
        `UPDATE intervals SET phase = 'settled', closed_at = now(), settled_at = now()
         WHERE verifier = $1 AND n = 2`,
        [id.verifier],
      )
      await decideWeights(tx, id, 2, {
        ...{ kind: 'weights', uids: [1], values: [65_535], reason: null },
        input: { scores: [], neurons: [], ownUid: null, standingCheats: [] },
      })
      await putRecord(tx, id, 2, record(2))
    })
    assert.deepEqual(await unfinished(), [
      [1, true],
      [2, false],
      [3, false],
    ])

    await db.execute(`UPDATE weight_sets SET state = 'confirmed' WHERE verifier = $1`, [
      id.verifier,
    ])
    assert.deepEqual((await unfinished())[1], [2, true])

    for (const n of [1, 2]) await signRecord(db, id, n, '00'.repeat(64))
    assert.deepEqual(await unfinished(), [[3, false]])
  })
})
