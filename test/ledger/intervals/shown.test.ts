import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import { lapseInterval, markMissed, setPhase } from '../../../ledger/intervals/intervals.js'
import { publishedRecord, signRecord } from '../../../ledger/intervals/records.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { hiddenBecause, shownThrough } from '../../../ledger/intervals/shown.js'
import {
  decideWeights,
  type NewWeightSet,
  supersede,
  type WeightSetState,
} from '../../../ledger/intervals/weights.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { SHARE_WINDOW_INTERVALS } from '../../../rules/constants.js'
import { useDatabase } from '../../support/postgres.js'
import { LENGTH, newVerifier, openInterval, resultFor } from '../fixtures.js'

const VECTOR: NewWeightSet = {
  kind: 'weights',
  uids: [1, 2],
  values: [65_535, 30_000],
  input: { scores: [], neurons: [], ownUid: null, standingCheats: [] },
  reason: null,
}
const NONE: NewWeightSet = { ...VECTOR, kind: 'none', uids: [], values: [], input: null }

describe('what is shown of intervals', () => {
  const database = useDatabase()

  async function settle(db: Database, id: VerifierId, n: number, set: NewWeightSet = VECTOR) {
    await openInterval(db, id, n)
    await db.tx(async (tx) => {
      await writeSettlement(tx, id, n, resultFor(n))
      await decideWeights(tx, id, n, set)
    })
  }

  const stand = (db: Database, id: VerifierId, n: number, state: WeightSetState) =>
    db.execute('UPDATE weight_sets SET state = $4 WHERE netuid = $1 AND verifier = $2 AND n = $3', [
      id.netuid,
      id.verifier,
      n,
      state,
    ])

  it('is nothing of the first, until its weights are in the open', async () => {
    const { db } = database()
    const id = newVerifier()
    assert.equal(await shownThrough(db, id), 0)
    await settle(db, id, 1)
    for (const state of ['decided', 'sent', 'committed', 'revealing'] as const) {
      await stand(db, id, 1, state)
      assert.equal(await shownThrough(db, id), 0, state)
    }
    for (const state of ['included', 'confirmed'] as const) {
      await stand(db, id, 1, state)
      assert.equal(await shownThrough(db, id), 1, state)
    }
    assert.equal(hiddenBecause({ n: 2, phase: 'settled' }, 1), 'weights_to_come')
    assert.equal(hiddenBecause({ n: 1, phase: 'rounds' }, 1), 'not_final')
    assert.equal(hiddenBecause({ n: 1, phase: 'lapsed' }, 1), null)
  })

  it('goes up to the first settled one whose weights are hidden, whatever came after it', async () => {
    const { db } = database()
    const id = newVerifier()
    await settle(db, id, 1)
    await stand(db, id, 1, 'confirmed')
    await settle(db, id, 2)
    await stand(db, id, 2, 'committed')
    assert.equal(await shownThrough(db, id), 1)
    // Its record would tell the standings that interval 2 left.
    await openInterval(db, id, 3)
    await db.tx((tx) => lapseInterval(tx, id, 3))
    assert.equal(await shownThrough(db, id), 1)
    await markMissed(db, id, { n: 4, firstBlock: 1000 + 3 * LENGTH, length: LENGTH }, 'ledger_down')
    assert.equal(await shownThrough(db, id), 1)
    // Set none, with scores that are nearly those of interval 2.
    await settle(db, id, 5, NONE)
    assert.equal(await shownThrough(db, id), 1)
    await stand(db, id, 2, 'confirmed')
    assert.equal(await shownThrough(db, id), 5)
    await settle(db, id, 6)
    assert.equal(await shownThrough(db, id), 5)
  })

  it('of one whose weights gave way it waits for those that came instead', async () => {
    const { db } = database()
    const id = newVerifier()
    await settle(db, id, 1)
    await settle(db, id, 2)
    await supersede(db, id, 1)
    assert.equal(await shownThrough(db, id), 0)
    await stand(db, id, 2, 'committed')
    assert.equal(await shownThrough(db, id), 0)
    await stand(db, id, 2, 'confirmed')
    assert.equal(await shownThrough(db, id), 2)
  })

  it('never waits for weights that are not to be set', async () => {
    const { db } = database()
    const id = newVerifier()
    for (const [i, kind] of (['disabled', 'none', 'infeasible'] as const).entries()) {
      await settle(db, id, i + 1, { ...VECTOR, kind })
      assert.equal(await shownThrough(db, id), i + 1, kind)
    }
  })

  it('of weights that cannot be sent it waits as long as a score remembers, and tells the record then', async () => {
    const { db } = database()
    const id = newVerifier()
    const last = SHARE_WINDOW_INTERVALS + 1
    for (let n = 1; n <= last; n++) {
      assert.equal(await shownThrough(db, id), 0, `before ${n}`)
      await settle(db, id, n)
      await signRecord(db, id, n, '0x00')
    }
    assert.equal(await shownThrough(db, id), 1)
    assert.equal((await publishedRecord(db, id, 1))?.kind, 'superseded')
    assert.equal(await publishedRecord(db, id, 2), null)
    // What the chain has as a commit it may show at any time.
    await stand(db, id, 1, 'committed')
    assert.equal(await shownThrough(db, id), 0)
  })

  it('is all there is where nothing is settled', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    assert.equal(await shownThrough(db, id), 0)
    await db.tx((tx) => setPhase(tx, id, 1, 'rounds', ['open']))
    assert.equal(await shownThrough(db, id), 0)
    await db.tx((tx) => lapseInterval(tx, id, 1))
    assert.equal(await shownThrough(db, id), 1)
  })
})
