import assert from 'node:assert/strict'
import { intervalRequests, shapeOf } from '../../../ledger/intervals/interval-requests.js'
import { deliveredPixels } from '../../../ledger/judging/spot-checks.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { useDatabase } from '../../support/postgres.js'
import {
  attempt,
  failure,
  newJob,
  newVerifier,
  openInterval,
  prover,
  success,
} from '../fixtures.js'

const SAMPLING = { num_inference_steps: 3, num_frames: 2, width: 16, height: 8 }
const SHAPE = { steps: 3, frames: 2, width: 16, height: 8 }
const BODY = Buffer.from(JSON.stringify({ query: 'a "red" ball', sampling_params: SAMPLING }))

describe('ledger/interval-requests', () => {
  const database = useDatabase()

  it('are read with all that was recorded, in the order of their outcomes', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const jobs = [await newJob(db, id), await newJob(db, id)]
    const [first, last, refused] = await startAttempts(db, id, [
      attempt(2, { inferenceId: jobs[0]!.inferenceId, gpus: 1, body: BODY }),
      attempt(1, { inferenceId: jobs[1]!.inferenceId, apiKeyId: null }),
      attempt(1, { kind: 'wide', wideN: 1, wideRound: 2, promptSha256: 'aa'.repeat(32) }),
    ])
    const [silent] = await startAttempts(db, id, [attempt(2, { n: 1 })])
    const told = [
      failure(refused!.requestId, {
        outcome: 'refused',
        reason: 'refused',
        verdict: null,
        taken: [first!.requestId, last!.requestId],
      }),
      success(first!.requestId, { determinismClass: 'fc2;a,"b"' }),
      success(last!.requestId),
    ]
    for (const outcome of told) await recordOutcomes(db, id, [outcome])
    const rows = await db.tx((tx) => intervalRequests(tx, id, 1))
    assert.deepEqual(
      rows.map(({ requestId }) => requestId),
      [refused, first, last, silent].map((row) => row!.requestId),
    )
    const stored = await db.query<{ us: string }>(
      `SELECT (extract(epoch FROM completed_at) * 1000000)::bigint::text AS us FROM attempts
       WHERE netuid = $1 AND verifier = $2 AND n = 1 ORDER BY completed_at NULLS LAST`,
      [id.netuid, id.verifier],
    )
    assert.deepEqual(
      rows.map(({ completedAtUs }) => completedAtUs),
      stored.map(({ us }) => (us === null ? null : Number(us))),
    )
    const [one, two, three, four] = rows.map(({ requestId: _, completedAtUs: __, ...row }) => row)
    const none = { taken: null, wideN: null, wideRound: null, promptSha256: null }
    const given = success('')
    const signed = {
      framesSha256: given.framesSha256,
      traceRoot: given.traceRoot,
      modelRoot: given.modelRoot,
      signature: given.signature,
    }
    const of = (uid: number) => {
      const { hotkey, registeredBlock } = prover(uid)
      return { hotkey, registeredBlock, counted: true, bodySha256: 'ef'.repeat(32) }
    }
    const user = { kind: 'inference', outcome: 'success', reason: 'served', ...none, ...signed }
    const noShape = { steps: null, frames: null, width: null, height: null }
    const unsigned = {
      framesSha256: null,
      traceRoot: null,
      determinismClass: null,
      modelRoot: null,
      signature: null,
    }
    assert.deepEqual(two, {
      ...{ ...of(2), ...user, ...SHAPE },
      ...{ gpus: 1, inFlight: 0, apiKeyId: 'local', determinismClass: 'fc2;a,"b"' },
    })
    assert.deepEqual(three, {
      ...{ ...of(1), ...user, ...noShape },
      ...{ gpus: null, inFlight: 0, apiKeyId: null, determinismClass: 'fc2;test' },
    })
    assert.deepEqual(one, {
      ...{ ...of(1), ...noShape, ...unsigned },
      ...{ kind: 'wide', gpus: null, inFlight: 0, apiKeyId: null, outcome: 'refused' },
      ...{ reason: 'refused', taken: [first!.requestId, last!.requestId] },
      ...{ wideN: 1, wideRound: 2, promptSha256: 'aa'.repeat(32) },
    })
    assert.deepEqual(four, {
      ...{ ...of(2), ...none, ...noShape, ...unsigned },
      ...{
        kind: 'challenge',
        gpus: null,
        inFlight: 1,
        apiKeyId: null,
        outcome: null,
        reason: null,
      },
    })
  })

  it('know what they ask for without their body, and those of earlier versions from their body', async () => {
    const { db } = database()
    const id = newVerifier()
    await openInterval(db, id, 1)
    const { inferenceId } = await newJob(db, id)
    const [row] = await startAttempts(db, id, [attempt(1, { inferenceId, body: BODY })])
    await recordOutcomes(db, id, [success(row!.requestId)])
    const shape = async () => {
      const [found] = await db.tx((tx) => intervalRequests(tx, id, 1))
      return [shapeOf(found!), await deliveredPixels(db, id, 1)]
    }
    const of = `WHERE verifier = '${id.verifier}'`
    assert.deepEqual(await shape(), [SHAPE, 256])
    await db.execute(`UPDATE attempts SET body = 'nothing' ${of}`)
    assert.deepEqual(await shape(), [SHAPE, 256])
    await db.execute(
      `UPDATE attempts SET body = $1, steps = NULL, frames = NULL, width = NULL, height = NULL ${of}`,
      [BODY],
    )
    assert.deepEqual(await shape(), [SHAPE, 256])
    await db.execute(`UPDATE attempts SET body = '' ${of}`)
    assert.deepEqual(await shape(), [null, 0])
  })
})
