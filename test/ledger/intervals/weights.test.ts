import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import {
  extrinsicsOf,
  isOurInclusion,
  markExtrinsic,
  markSubmitted,
  type NewExtrinsic,
  putExtrinsic,
} from '../../../ledger/intervals/weight-extrinsics.js'
import {
  decideWeights,
  markConfirmed,
  type NewWeightSet,
  newestShownN,
  newestWeightsN,
  supersede,
  weightSet,
} from '../../../ledger/intervals/weights.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { useDatabase } from '../../support/postgres.js'
import { newVerifier, openInterval } from '../fixtures.js'

const VECTOR: NewWeightSet = {
  kind: 'weights',
  uids: [1, 2],
  values: [65_535, 30_000],
  input: { scores: [], neurons: [], ownUid: null, standingCheats: [] },
  reason: null,
}

const extrinsic = (hash: string, eraFirst = 100): NewExtrinsic => ({
  step: 'set',
  commitHash: null,
  specVersion: null,
  hash,
  bytes: '0xabcd',
  nonce: 3,
  eraFirst,
  eraLast: eraFirst + 63,
})

describe('ledger/weights', () => {
  const database = useDatabase()

  async function decided(db: Database, id: VerifierId, n: number, set = VECTOR) {
    await openInterval(db, id, n)
    return db.tx((tx) => decideWeights(tx, id, n, set))
  }

  const end = (
    db: Database,
    id: VerifierId,
    n: number,
    hash: string,
    result: string,
    at?: number,
  ) =>
    db.tx((tx) =>
      markExtrinsic(tx, id, n, hash, {
        result,
        block: at === undefined ? null : { number: at, hash: `block-${at}` },
      }),
    )

  it('are decided once', async () => {
    const { db } = database()
    const id = newVerifier()
    const first = await decided(db, id, 1)
    assert.deepEqual([first.state, first.uids, first.values], ['decided', [1, 2], [65_535, 30_000]])
    const none: NewWeightSet = {
      kind: 'none',
      uids: [],
      values: [],
      input: null,
      reason: 'all_scores_zero',
    }
    assert.deepEqual(await db.tx((tx) => decideWeights(tx, id, 1, none)), first)
    assert.equal((await decided(db, id, 2, none)).state, 'done')
  })

  it('go from decided to confirmed, each step once', async () => {
    const { db } = database()
    const id = newVerifier()
    await decided(db, id, 1)
    await db.tx((tx) => putExtrinsic(tx, id, 1, extrinsic('aa')))
    assert.equal(await newestShownN(db, id), null)
    assert.equal(await newestWeightsN(db, id), 1)
    await markSubmitted(db, id, 1, 'aa')
    await markSubmitted(db, id, 1, 'aa')
    assert.equal((await weightSet(db, id, 1))!.state, 'sent')
    await end(db, id, 1, 'aa', 'ok', 120)
    await end(db, id, 1, 'aa', 'expired')
    await markConfirmed(db, id, 1, true)
    await markConfirmed(db, id, 1, false)
    const set = await weightSet(db, id, 1)
    assert.deepEqual(
      [set!.state, set!.includedBlock, set!.includedHash, set!.readBackOk],
      ['confirmed', 120, 'block-120', true],
    )
    assert.equal(await newestShownN(db, id), 1)
    assert.equal(await isOurInclusion(db, id, 120), true)
    assert.equal(await isOurInclusion(db, id, 121), false)
    assert.equal((await extrinsicsOf(db, id, 1))[0]!.result, 'ok')
  })

  it('are not ours where the chain refused ours in the block of another’s', async () => {
    const { db } = database()
    const id = newVerifier()
    await decided(db, id, 1)
    await db.tx((tx) => putExtrinsic(tx, id, 1, extrinsic('aa')))
    await end(db, id, 1, 'aa', 'SettingWeightsTooFast', 120)
    assert.equal(await isOurInclusion(db, id, 120), false)
  })

  it('keep the bytes that were signed first under a hash', async () => {
    const { db } = database()
    const id = newVerifier()
    await decided(db, id, 1)
    await db.tx((tx) => putExtrinsic(tx, id, 1, extrinsic('aa')))
    await db.tx((tx) => putExtrinsic(tx, id, 1, { ...extrinsic('aa'), bytes: '0xother' }))
    assert.deepEqual(
      (await extrinsicsOf(db, id, 1)).map((row) => row.bytes),
      ['0xabcd'],
    )
  })

  it('can be signed again when the era passed without them', async () => {
    const { db } = database()
    const id = newVerifier()
    await decided(db, id, 1)
    await db.tx((tx) => putExtrinsic(tx, id, 1, extrinsic('aa', 100)))
    await markSubmitted(db, id, 1, 'aa')
    await end(db, id, 1, 'aa', 'expired')
    const again = await weightSet(db, id, 1)
    assert.deepEqual([again!.state, again!.reason], ['decided', 'expired'])
    assert.equal(await newestShownN(db, id), null)
    await db.tx((tx) => putExtrinsic(tx, id, 1, extrinsic('bb', 200)))
    assert.deepEqual(
      (await extrinsicsOf(db, id, 1)).map((row) => [row.hash, row.result]),
      [
        ['aa', 'expired'],
        ['bb', null],
      ],
    )
  })

  it('of an older interval are given up, unless they were sent', async () => {
    const { db } = database()
    const id = newVerifier()
    await decided(db, id, 1)
    await decided(db, id, 2)
    await db.tx((tx) => putExtrinsic(tx, id, 2, extrinsic('aa')))
    await markSubmitted(db, id, 2, 'aa')
    await supersede(db, id, 1)
    await supersede(db, id, 2)
    assert.deepEqual(
      [(await weightSet(db, id, 1))!.kind, (await weightSet(db, id, 1))!.state],
      ['superseded', 'done'],
    )
    assert.deepEqual((await weightSet(db, id, 2))!.kind, 'weights')
  })
})
