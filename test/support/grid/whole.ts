import assert from 'node:assert/strict'
import { type ChainOptions, connectChain } from '../../../chain/connect.js'
import { maxUpscale } from '../../../chain/max-upscale.js'
import type { Database } from '../../../ledger/database.js'
import { planItems, planRounds } from '../../../ledger/intervals/plans.js'
import { recordOf } from '../../../ledger/intervals/records.js'
import { scoresOf } from '../../../ledger/intervals/settlement.js'
import { extrinsicsOf } from '../../../ledger/intervals/weight-extrinsics.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { type AttemptFacts, answersOfInterval } from '../../../ledger/requests/attempts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'

/** Asserts that a settled interval lost nothing and counted nothing twice, whatever happened in it. */
export async function assertWhole(
  db: Database,
  id: VerifierId,
  n: number,
  at: ChainOptions,
): Promise<void> {
  const items = await planItems(db, id, n)
  const verdicts = await verdictsOf(db, id, n)
  const attempts = await answersOfInterval(db, id, n)
  const rounds = (await planRounds(db, id, n)).filter(({ kind }) => kind === 'challenge')
  const nobodyHadRoom = rounds.every(({ askedAt, busy }) => askedAt !== null && busy.length > 0)
  assert.ok(items.length > 0 || nobodyHadRoom, `interval ${n} asked nobody`)
  const late = await answeredTooLate(db, id, n)
  for (const item of items) {
    const given = verdicts.filter(
      (row) => row.requestId === item.requestId && row.kind === 'challenge',
    )
    const asked = attempts.filter((row) => row.requestId === item.requestId)
    assert.ok(asked.length <= 1, `interval ${n}: challenge ${item.requestId} was counted twice`)
    const isLate = late.has(item.requestId)
    const refused = asked[0]?.outcome === 'refused' && !isLate
    assert.equal(
      given.length,
      refused ? 0 : 1,
      `interval ${n}: challenge ${item.requestId} has ${given.length} verdicts`,
    )
    if (refused) continue
    assert.equal(
      given[0]!.verdict === 'abstained' && given[0]!.reason === 'own_fault',
      asked[0]?.outcome == null || isLate,
      `interval ${n}: only what was never asked or lost is our own fault`,
    )
  }
  // A failure to answer needs no ground truth: it says nothing of whether the GPU worker got to anything.
  const computed = verdicts.filter(({ verdict }) => verdict !== 'abstained' && verdict !== 'fail')
  assert.ok(
    computed.length === 0 || computed.some(({ verdict }) => verdict === 'pass'),
    `interval ${n}: nothing passed, although the verifier got to it`,
  )
  for (const score of await scoresOf(db, id, n)) {
    const own = attempts.filter((row) => row.hotkey === score.hotkey)
    // Challenges, and requests of wide rounds that were spot-checked.
    const wide = new Set(own.filter(({ kind }) => kind === 'wide').map((row) => row.requestId))
    const passes = verdicts.filter(
      (row) =>
        row.hotkey === score.hotkey &&
        row.verdict === 'pass' &&
        (row.kind === 'challenge' || (row.kind === 'spotcheck' && wide.has(row.requestId))),
    ).length
    const successes = score.cheats > 0 ? 0 : own.filter(countsAsSuccess).length
    assert.equal(score.requestSuccesses, successes, `interval ${n}: successes of uid ${score.uid}`)
    assert.equal(
      score.totalAfter - score.totalBefore,
      score.cheats > 0 ? 0 : successes + passes,
      `interval ${n}: total of uid ${score.uid}`,
    )
  }
  assert.ok((await recordOf(db, id, n))?.signature, `interval ${n} has a signed record`)
  await assertWeights(db, id, n, at)
}

/**
 * Challenges whose outcome was stored after they had been given up: who asks may learn late, after a process died, that an
 * interval is over.
 */
async function answeredTooLate(db: Database, id: VerifierId, n: number): Promise<Set<string>> {
  const rows = await db.query<{ requestId: string }>(
    // A verdict is stored a moment after what it goes by was read.
    `SELECT request_id FROM attempts a JOIN verdicts v USING (request_id)
     WHERE v.netuid = $1 AND v.verifier = $2 AND v.n = $3 AND v.kind = 'challenge'
       AND a.completed_at > v.decided_at - interval '2 seconds' AND v.reason = 'own_fault'`,
    [id.netuid, id.verifier, n],
  )
  return new Set(rows.map(({ requestId }) => requestId))
}

function countsAsSuccess(row: AttemptFacts): boolean {
  return row.kind === 'inference' && row.counted && row.outcome === 'success'
}

/**
 * Weights exactly once: one extrinsic of the interval is on the chain, and what it stores was sent. None only
 * where nobody has earned any.
 */
async function assertWeights(
  db: Database,
  id: VerifierId,
  n: number,
  at: ChainOptions,
): Promise<void> {
  const set = await weightSet(db, id, n)
  if (set?.kind === 'superseded') {
    assert.deepEqual(await extrinsicsOf(db, id, n), [], `interval ${n}: nothing was sent`)
    return
  }
  if (set?.kind === 'none') {
    const scores = await scoresOf(db, id, n)
    assert.ok(
      scores.every(({ scoreAfter, cheats }) => scoreAfter === 0 || cheats > 0),
      `interval ${n}: nobody gets weight, although somebody has earned some`,
    )
    return
  }
  assert.equal(set?.state, 'confirmed', `interval ${n}: weights are confirmed`)
  assert.equal(set.readBackOk, true, `interval ${n}: weights were read back`)
  const sent = await extrinsicsOf(db, id, n)
  assert.equal(
    sent.filter(({ result }) => result === 'ok').length,
    1,
    `interval ${n}: weights once`,
  )
  const chain = await connectChain(at)
  try {
    for (const extrinsic of sent) {
      const { number } = await chain.finalized()
      const found = await chain.inclusion(extrinsic.hash, { from: extrinsic.eraFirst, to: number })
      assert.equal(found?.ok ?? false, extrinsic.result === 'ok', `interval ${n}: the chain agrees`)
    }
    const block = await chain.blockAt(set.includedBlock!)
    const { neurons } = await chain.metagraph(id.netuid, block)
    const me = neurons.find((neuron) => neuron.hotkey === id.verifier)!
    const values = maxUpscale(set.values)
    assert.deepEqual(
      await chain.weights(id.netuid, me.uid, block),
      set.uids.map((uid, i) => [uid, values[i]]),
    )
  } finally {
    await chain.close()
  }
}
