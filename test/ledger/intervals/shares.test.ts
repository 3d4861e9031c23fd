import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import { closeInterval, lapseInterval, markMissed } from '../../../ledger/intervals/intervals.js'
import {
  loadSettlement,
  type SettlementParts,
  scoresOf,
  writeSettlement,
} from '../../../ledger/intervals/settlement.js'
import { insertVerdicts } from '../../../ledger/judging/verdicts.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { SHARE_WINDOW_INTERVALS } from '../../../rules/constants.js'
import { settle } from '../../../rules/settle/settle.js'
import { useDatabase } from '../../support/postgres.js'
import {
  attempt,
  failure,
  LENGTH,
  newJob,
  newVerifier,
  openInterval,
  prover,
  putWideRound,
  recordFor,
  SETTLED_BY,
  success,
} from '../fixtures.js'

describe('ledger: wide rounds and shares', () => {
  const database = useDatabase()

  async function settleNow(id: VerifierId, n: number): Promise<SettlementParts> {
    return database().db.tx(async (tx) => {
      const parts = await loadSettlement(tx, id, n)
      const settlement = settle({ ...parts, ...SETTLED_BY })
      await writeSettlement(tx, id, n, { settlement, record: recordFor(n), read: parts })
      return parts
    })
  }

  /** Round 1 of interval n sends prover 1 two requests. @returns their ids */
  async function askWide(db: Database, id: VerifierId, n: number, round = 1): Promise<string[]> {
    const sent = { kind: 'wide' as const, wideN: n, wideRound: round, gpus: 1 }
    const rows = await startAttempts(db, id, [attempt(1, sent), attempt(1, sent)])
    await putWideRound(db, id, n, prover(1), { round })
    return rows.map(({ requestId }) => requestId)
  }

  async function countedIn(id: VerifierId): Promise<(number | null)[]> {
    const rows = await database().db.query<{ countedN: number | null }>(
      `SELECT counted_n FROM wide_rounds WHERE netuid = $1 AND verifier = $2 ORDER BY n, round`,
      [id.netuid, id.verifier],
    )
    return rows.map(({ countedN }) => countedN)
  }

  it('a round is read with its requests and with those that were in flight', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const jobs = [await newJob(db, id), await newJob(db, id)]
    const [user, lost] = await startAttempts(db, id, [
      attempt(1, { inferenceId: jobs[0]!.inferenceId, gpus: 2, counted: false }),
      attempt(1, { inferenceId: jobs[1]!.inferenceId, gpus: 2 }),
    ])
    const wide = { kind: 'wide' as const, wideN: 1, wideRound: 2, gpus: 2 }
    // Another prover's request of the same round, and another round's, are none of it.
    const others = [attempt(2, wide), attempt(1, { ...wide, wideRound: 1 })]
    const [done, refused] = await startAttempts(db, id, [
      ...[attempt(1, wide), attempt(1, wide)],
      ...others,
    ])
    const inFlight = [user!.requestId, lost!.requestId]
    await putWideRound(db, id, 1, prover(1), { round: 2, gpus: 2, inFlight })
    await recordOutcomes(db, id, [
      success(user!.requestId),
      failure(lost!.requestId, {
        verdict: { verdict: 'abstained', reason: 'own_fault', rewardPpm: null },
      }),
      success(done!.requestId),
      failure(refused!.requestId, {
        outcome: 'refused',
        reason: 'refused',
        verdict: null,
        taken: [others[0]!.requestId],
      }),
    ])
    const { wideRounds } = await db.tx((tx) => loadSettlement(tx, id, 1))
    const { hotkey, registeredBlock } = prover(1)
    const own = { kind: 'wide', counted: true, gpus: 2, inFlight: 2, ofRound: true, lost: false }
    const flying = { kind: 'inference', gpus: 2, inFlight: 0, taken: null, ofRound: false }
    assert.deepEqual(wideRounds, [
      {
        ...{ n: 1, round: 2, hotkey, registeredBlock, gpus: 2 },
        requests: [
          {
            ...flying,
            requestId: user!.requestId,
            counted: false,
            outcome: 'success',
            lost: false,
          },
          { ...flying, requestId: lost!.requestId, counted: true, outcome: 'failure', lost: true },
          { ...own, requestId: done!.requestId, outcome: 'success', taken: null },
          {
            ...own,
            requestId: refused!.requestId,
            outcome: 'refused',
            taken: [others[0]!.requestId],
          },
        ],
      },
    ])
  })

  it('a round counts once, in the interval of its last outcome', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const [first, last] = await askWide(db, id, 1)
    const second = await askWide(db, id, 1, 2)
    await recordOutcomes(db, id, [success(first!), ...second.map((of) => success(of))])
    await db.tx((tx) => closeInterval(tx, id, 1))
    await openInterval(db, id, 2)
    // Its outcome comes after interval 1's end, and before interval 1 is settled.
    await recordOutcomes(db, id, [failure(last!, { verdict: null })])
    const one = await settleNow(id, 1)
    assert.deepEqual(
      one.wideRounds.map(({ round }) => round),
      [2],
    )
    assert.deepEqual(await countedIn(id), [null, 1])
    const two = await settleNow(id, 2)
    assert.deepEqual(
      two.wideRounds.map(({ round }) => round),
      [1],
    )
    assert.deepEqual(await countedIn(id), [2, 1])
    await openInterval(db, id, 3)
    assert.deepEqual((await settleNow(id, 3)).wideRounds, [])
    const shares = []
    for (const n of [1, 2, 3]) {
      const [row] = await scoresOf(db, id, n)
      shares.push([row!.wideKept, row!.wideSlots, row!.wideSharePpm, row!.capacityPpm])
    }
    assert.deepEqual(shares, [
      [2, 2, 1_000_000, 1_000_000],
      [1, 2, 750_000, 1_000_000],
      [0, 0, 750_000, 1_000_000],
    ])
  })

  it('a round that ended in an interval that lapsed, or was missed, counts nowhere', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const lapsed = await askWide(db, id, 1)
    await recordOutcomes(
      db,
      id,
      lapsed.map((of) => failure(of, { verdict: null })),
    )
    const late = await askWide(db, id, 1, 2)
    await db.tx((tx) => lapseInterval(tx, id, 1))
    // Nobody opened interval 2, into which its outcomes fall.
    await recordOutcomes(
      db,
      id,
      late.map((of) => failure(of, { verdict: null })),
    )
    await markMissed(db, id, { n: 2, firstBlock: 1000 + LENGTH, length: LENGTH }, 'verifier_down')
    await openInterval(db, id, 3)
    const kept = await askWide(db, id, 3)
    await recordOutcomes(
      db,
      id,
      kept.map((of) => success(of)),
    )
    const { wideRounds } = await settleNow(id, 3)
    assert.deepEqual(
      wideRounds.map(({ n }) => n),
      [3],
    )
    assert.deepEqual(await countedIn(id), [1, 2, 3])
    const [row] = await scoresOf(db, id, 3)
    assert.deepEqual([row!.wideSharePpm, row!.paidCapacityPpm], [1_000_000, 1_000_000])
  })

  it('a round does not wait for what will never end: the verifier lost it', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const [kept, killed] = await askWide(db, id, 1)
    await recordOutcomes(db, id, [success(kept!)])
    await settleNow(id, 1)
    assert.deepEqual(await countedIn(id), [null])
    await db.execute(
      "UPDATE attempts SET asked_at = asked_at - interval '16 minutes' WHERE request_id = $1",
      [killed],
    )
    await openInterval(db, id, 2)
    const { wideRounds } = await settleNow(id, 2)
    assert.deepEqual(
      wideRounds[0]!.requests.map(({ outcome, lost }) => [outcome, lost]),
      [
        ['success', false],
        ['neutral', true],
      ],
    )
    assert.deepEqual(await countedIn(id), [2])
    const [row] = await scoresOf(db, id, 2)
    assert.deepEqual([row!.wideKept, row!.wideSlots], [1, 1])
  })

  it('a round that counted without a lost answer counts once, also if that comes while it is settled', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const [kept, lost] = await askWide(db, id, 1)
    await recordOutcomes(db, id, [success(kept!)])
    await db.execute(
      "UPDATE attempts SET asked_at = asked_at - interval '16 minutes' WHERE request_id = $1",
      [lost],
    )
    await db.tx((tx) => closeInterval(tx, id, 1))
    const read = await db.snapshot((tx) => loadSettlement(tx, id, 1))
    assert.equal(read.wideRounds.length, 1)
    await recordOutcomes(db, id, [success(lost!)])
    const settlement = settle({ ...read, ...SETTLED_BY })
    await db.tx((tx) => writeSettlement(tx, id, 1, { settlement, record: recordFor(1), read }))
    assert.deepEqual(await countedIn(id), [1])
    await openInterval(db, id, 2)
    assert.deepEqual((await settleNow(id, 2)).wideRounds, [])
    const kept1 = (await scoresOf(db, id, 1))[0]!.wideKept
    const kept2 = (await scoresOf(db, id, 2))[0]!.wideKept
    assert.deepEqual([kept1, kept2], [1, 0])
  })

  it('settles who left the subnet and whose round ended only now', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const [user] = await startAttempts(db, id, [attempt(1, { inferenceId, gpus: 1 })])
    await putWideRound(db, id, 1, prover(1), { inFlight: [user!.requestId] })
    await settleNow(id, 1)
    await openInterval(db, id, 2, [2])
    await recordOutcomes(db, id, [success(user!.requestId)])
    const { provers, wideRounds } = await settleNow(id, 2)
    assert.equal(wideRounds.length, 1)
    assert.deepEqual(
      provers.map(({ uid, hasAddress }) => [uid, hasAddress]),
      [
        [1, false],
        [2, true],
      ],
    )
  })

  it('the window holds the last settled intervals, those of others and lapsed ones left out', async () => {
    const { db } = database()
    const id = newVerifier()
    const stranger = newVerifier()
    const refuse = async (of: VerifierId, n: number, outcomes: ('refused' | 'success')[]) => {
      const rows = outcomes.map(() => attempt(1, { n, gpus: 1 }))
      for (const row of rows) await startAttempts(db, of, [row])
      await recordOutcomes(
        db,
        of,
        rows.map(({ requestId }, i) =>
          outcomes[i] === 'success'
            ? success(requestId)
            : failure(requestId, { outcome: 'refused', reason: 'refused', verdict: null }),
        ),
      )
    }
    for (const each of [id, stranger]) {
      await openInterval(db, each, 1)
      await refuse(each, 1, ['refused', 'refused'])
      await settleNow(each, 1)
    }
    await openInterval(db, id, 2)
    await refuse(id, 2, ['refused', 'refused'])
    await db.tx((tx) => lapseInterval(tx, id, 2))
    // The 20 are 1 and 3 … 21; of interval 22 they are 3 … 22.
    for (let n = 3; n < SHARE_WINDOW_INTERVALS + 2; n += 1) {
      await openInterval(db, id, n)
      if (n === 3) await refuse(id, n, ['success', 'refused'])
      await settleNow(id, n)
    }
    const of = async (n: number) => {
      const [row] = await scoresOf(db, id, n)
      return [row!.offered, row!.accepted, row!.offerSharePpm]
    }
    assert.deepEqual(await of(1), [2, 0, 333_333])
    assert.deepEqual(await of(3), [2, 1, 400_000])
    assert.deepEqual(await of(21), [0, 0, 400_000], 'interval 1 is the twentieth')
    await openInterval(db, id, 22)
    const { window } = await settleNow(id, 22)
    assert.deepEqual([window[0]!.offered, window[0]!.accepted], [2, 1])
    assert.deepEqual(await of(22), [0, 0, 666_666])
  })

  it('a check is read with what its request was, an earlier interval’s too', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const [wide] = await askWide(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const [user] = await startAttempts(db, id, [attempt(1, { inferenceId, counted: false })])
    await recordOutcomes(db, id, [success(wide!), success(user!.requestId)])
    await settleNow(id, 1)
    await openInterval(db, id, 2)
    const { hotkey, registeredBlock } = prover(1)
    const verdict = {
      verdict: 'pass',
      reason: 'step_equal',
      rewardPpm: null,
      detail: null,
    } as const
    const check = { hotkey, registeredBlock, kind: 'spotcheck', ...verdict } as const
    const never = '00000000-0000-4000-8000-999999999999'
    await insertVerdicts(db, id, 2, [
      { ...check, requestId: wide! },
      { ...check, requestId: user!.requestId },
      { ...check, requestId: never, kind: 'challenge', verdict: 'abstained', reason: 'no_time' },
    ])
    const { checks } = await settleNow(id, 2)
    assert.deepEqual(
      checks.map(({ requestId, requestKind, counted }) => [requestId, requestKind, counted]),
      [
        [wide, 'wide', true],
        [user!.requestId, 'inference', false],
        [never, 'challenge', true],
      ],
    )
    const [row] = await scoresOf(db, id, 2)
    assert.equal(row!.totalAfter - row!.totalBefore, 1, 'the wide request’s')
  })
})
