import assert from 'node:assert/strict'
import { intervalDetail, intervalsOverview } from '../../../ledger/intervals/interval-views.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { markExtrinsic, putExtrinsic } from '../../../ledger/intervals/weight-extrinsics.js'
import { decideWeights } from '../../../ledger/intervals/weights.js'
import { insertVerdicts } from '../../../ledger/judging/verdicts.js'
import {
  proversOverview,
  tierHistory,
  tiersOverview,
  verifiers,
} from '../../../ledger/provers/network.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { useDatabase } from '../../support/postgres.js'
import {
  attempt,
  begunPlan,
  newJob,
  newVerifier,
  openInterval,
  prover,
  recordFor,
  resultFor,
  success,
  uuid,
} from '../fixtures.js'

describe('ledger/network', () => {
  const database = useDatabase()
  const id = newVerifier()

  before(async () => {
    const { db } = database()
    await openInterval(db, id, 1)
    const { hotkey, registeredBlock } = prover(1)
    const challenge = uuid()
    await begunPlan(db, id, 1, [
      {
        requestId: challenge,
        round: 0,
        k: 0,
        hotkey,
        registeredBlock,
        momentBlock: 1001,
        deadlineMs: 30_000,
        cancelAfterMs: null,
        promptSha256: null,
        body: Buffer.from('{"query":"nobody else may know"}'),
        bodySha256: 'aa',
      },
    ])
    await insertVerdicts(db, id, 1, [
      {
        requestId: challenge,
        kind: 'challenge',
        hotkey,
        registeredBlock,
        verdict: 'pass',
        reason: 'hash_equal',
        rewardPpm: 1_000_000,
        detail: null,
      },
    ])
    const { inferenceId } = await newJob(db, id)
    const [row] = await startAttempts(db, id, [attempt(1, { inferenceId })])
    await recordOutcomes(db, id, [success(row!.requestId)])
  })

  it('shows no plan before it is settled', async () => {
    const detail = await intervalDetail(database().db, id, 1)
    assert.equal(detail!.plan, null)
    assert.equal(detail!.record, null)
    assert.equal(await intervalDetail(database().db, id, 2), null)
  })

  it('shows it afterwards, without prompts', async () => {
    const { db } = database()
    await db.tx(async (tx) => {
      await writeSettlement(tx, id, 1, resultFor(1))
      await decideWeights(tx, id, 1, {
        kind: 'weights',
        uids: [1, 2],
        values: [65_535, 20_000],
        input: null,
        reason: null,
      })
      const terms = {
        step: 'set' as const,
        bytes: '',
        nonce: 0,
        commitHash: null,
        specVersion: null,
      }
      await putExtrinsic(tx, id, 1, { ...terms, hash: 'aa', eraFirst: 1, eraLast: 64 })
      const block = { number: 1030, hash: 'bb' }
      await markExtrinsic(tx, id, 1, 'aa', { result: 'ok', block })
    })
    const detail = await intervalDetail(db, id, 1)
    assert.equal(detail!.plan!.length, 1)
    assert.doesNotMatch(JSON.stringify(detail), /nobody else may know|body"/)
    assert.equal(detail!.moves.length, 1)
    assert.equal(detail!.record!.hash, recordFor(1).hash)
    await openInterval(db, id, 2, [2, 3])
    const list = await intervalsOverview(db, id, { limit: 10 })
    assert.deepEqual(
      list.map((row) => [row.n, row.phase, row.provers, row.checks, row.passes, row.requests]),
      [
        [2, 'open', 2, 0, 0, 0],
        [1, 'settled', 2, 1, 1, 1],
      ],
    )
    const first = list[1]!
    assert.deepEqual(
      [first.requestSuccesses, first.moves, first.weightsState, first.recordHash],
      [1, 1, 'included', recordFor(1).hash],
    )
    assert.deepEqual(
      (await intervalsOverview(db, id, { limit: 10, before: 2 })).map((row) => row.n),
      [1],
    )
  })

  it('lists provers as they stand, those that left with a score included', async () => {
    const { db } = database()
    const rows = await proversOverview(db, id)
    assert.deepEqual(
      rows.map((row) => [
        row.uid,
        row.present,
        row.tier,
        row.scorePpm,
        row.weight,
        row.checksPassed,
      ]),
      [
        [1, false, 'silver', 22_500, null, 1],
        [2, true, 'bronze', 22_500, 20_000, 1],
        [3, true, 'bronze', 0, null, null],
      ],
    )
    assert.deepEqual(
      rows[0]!.lastVerdicts.map((row) => [row.n, row.kind, row.verdict, row.reason]),
      [[1, 'challenge', 'pass', 'hash_equal']],
    )
    assert.deepEqual(await tiersOverview(db, id, 9), [
      { tier: 'bronze', provers: 2, scorePpm: 22_500 },
    ])
    assert.deepEqual(
      (await tierHistory(db, id, { hotkey: prover(1).hotkey, limit: 5 })).map((row) => row.toTier),
      ['silver'],
    )
    assert((await verifiers(db)).some((row) => row.verifier === id.verifier))
  })
})
