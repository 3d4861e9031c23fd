import assert from 'node:assert/strict'
import { createLog } from '../../../base/log.js'
import { type Database, openDatabase } from '../../../ledger/database.js'
import { intervalByN } from '../../../ledger/intervals/intervals.js'
import { insertPlan } from '../../../ledger/intervals/plans.js'
import { isRecordPublic, recordOf, signRecord } from '../../../ledger/intervals/records.js'
import { scoresOf, writeSettlement } from '../../../ledger/intervals/settlement.js'
import { decideWeights } from '../../../ledger/intervals/weights.js'
import { insertVerdicts, verdictsOf } from '../../../ledger/judging/verdicts.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { getFrames, putFrames } from '../../../ledger/requests/frames.js'
import { recentRequests } from '../../../ledger/requests/inference.js'
import { completeJob, deleteJob, getContent, getJob } from '../../../ledger/requests/jobs.js'
import {
  deleteExpiredContents,
  pruneInterval,
  pruneVideos,
  removeChallengeFrames,
  removeDeletedFrames,
} from '../../../ledger/requests/retention.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { RetentionSweep } from '../../../workers/sweeps/retention-sweep.js'
import { makeTestRoles, type TestRoles } from '../../support/database-roles.js'
import { NO_SPOT_CHECKS } from '../../support/no-spot-checks.js'
import { useDatabase } from '../../support/postgres.js'
import { recordBody } from '../../support/records/record-body.js'
import {
  attempt,
  newJob,
  newVerifier,
  openInterval,
  prover,
  putContent,
  recordFor,
  resultFor,
  success,
} from '../fixtures.js'

const NOTHING = { kind: 'none', uids: [], values: [], input: null, reason: null } as const

describe('ledger/retention', () => {
  let roles: TestRoles
  let worker: Database
  // First: Mocha runs these in the order of their registration, and the roles go before the database.
  after(async () => {
    await worker?.close()
    await roles?.drop()
  })
  const database = useDatabase()
  let db: Database
  let id: VerifierId

  before(async () => {
    ;({ db } = database())
    roles = await makeTestRoles(database().url)
    const url = roles.urls.worker
    worker = openDatabase({
      url,
      applicationName: 'test',
      max: 8,
      log: createLog('test', 'silent'),
    })
  })
  beforeEach(async () => {
    id = newVerifier()
    await openInterval(db, id, 1)
  })

  /** A video that was served in the open interval, with two frames and both files. */
  async function video({ cheat = false } = {}): Promise<{ jobId: string; requestId: string }> {
    const { id: jobId, inferenceId } = await newJob(db, id)
    const asked = attempt(1, { inferenceId })
    const { requestId } = asked
    await startAttempts(db, id, [asked])
    await frames(requestId)
    await recordOutcomes(db, id, [success(requestId)])
    for (const variant of ['video', 'thumbnail'] as const) {
      const file = { mime: 'video/mp4', bytes: Buffer.from('bytes'), sha256: 'ab'.repeat(32) }
      await putContent(db, jobId, variant, file)
    }
    await completeJob(db, jobId, { winningRequestId: requestId, warnings: [], keptMs: 86_400_000 })
    if (cheat) await judge(requestId, 'cheat')
    return { jobId, requestId }
  }

  const frames = (requestId: string) =>
    putFrames(
      db,
      requestId,
      [1, 2].map((index) => ({ index, zlib: Buffer.from('frame') })),
    )
  const framesOf = async (requestId: string) => (await getFrames(db, requestId)).length

  async function challenge(
    verdict: 'pass' | 'cheat',
    asked = attempt(2, { n: 1 }),
  ): Promise<string> {
    await startAttempts(db, id, [asked])
    await frames(asked.requestId)
    await recordOutcomes(db, id, [success(asked.requestId)])
    await judge(asked.requestId, verdict)
    return asked.requestId
  }

  async function judge(requestId: string, verdict: 'pass' | 'cheat'): Promise<void> {
    const { hotkey, registeredBlock } = prover(1)
    const rest = { reason: 'hash_equal', rewardPpm: null, detail: null } as const
    await insertVerdicts(db, id, 1, [
      { requestId, kind: 'audit', hotkey, registeredBlock, verdict, ...rest },
    ])
  }

  async function settle(n: number): Promise<void> {
    await db.tx(async (tx) => {
      await insertPlan(
        tx,
        id,
        n,
        { rounds: 1, gpuUsPerWork: 1, gpuColdUs: 0, ...NO_SPOT_CHECKS, inputs: {} },
        [],
      )
      await writeSettlement(tx, id, n, resultFor(n))
    })
  }

  /** Settled, signed, its weights out, and a later one settled: everybody may read its record. */
  async function published(): Promise<void> {
    await settle(1)
    await db.tx((tx) => decideWeights(tx, id, 1, NOTHING))
    await signRecord(db, id, 1, '0x00')
    await openInterval(db, id, 2)
    await settle(2)
  }

  async function age(days: number): Promise<void> {
    await db.execute(
      `UPDATE jobs SET completed_at = completed_at - make_interval(days => $1), expires_at = expires_at - make_interval(days => $1)
       WHERE inference_id IN (SELECT id FROM inference_requests WHERE verifier = $2)`,
      [days, id.verifier],
    )
    await db.execute(
      `UPDATE intervals SET closed_at = closed_at - make_interval(days => $1) WHERE verifier = $2`,
      [days, id.verifier],
    )
  }

  const prompts = async () =>
    (
      await db.query<{ text: string }>(
        `SELECT r.prompt || convert_from(a.body, 'UTF8') AS text FROM inference_requests r JOIN attempts a ON a.inference_id = r.id
         WHERE r.verifier = $1 ORDER BY a.request_id`,
        [id.verifier],
      )
    ).map(({ text }) => text)

  it('removes files once they have expired, and leaves the frames', async () => {
    const { jobId, requestId } = await video()
    assert.equal(await deleteExpiredContents(worker, id, 10), 0)
    await age(1)
    assert.equal(await deleteExpiredContents(worker, id, 10), 0, 'not within the hour')
    await age(1)
    assert.equal(await deleteExpiredContents(worker, newVerifier(), 10), 0, 'another verifier’s')
    assert.equal(await deleteExpiredContents(worker, id, 1), 1)
    assert.equal(await deleteExpiredContents(worker, id, 10), 1)
    assert.equal(await getContent(db, jobId, 'video'), null)
    assert.equal(await framesOf(requestId), 2)
  })

  it('keeps a deleted video’s frames until its interval is final, then lets them go', async () => {
    const { jobId, requestId } = await video()
    await deleteJob(db, jobId)
    assert.equal(await removeDeletedFrames(worker, id, 10), 0)
    assert.equal(await framesOf(requestId), 2)
    await settle(1)
    assert.equal(await removeDeletedFrames(worker, id, 10), 1)
    assert.equal(await framesOf(requestId), 0)
    assert.equal(await removeDeletedFrames(worker, id, 10), 0)
    assert.match((await prompts())[0]!, /red ball/, 'what its prover was sent stays for its time')
  })

  it('prunes a video of so many days: files, frames and prompts, and leaves what is counted', async () => {
    const { jobId, requestId } = await video()
    await age(31)
    assert.equal(await pruneVideos(worker, id, 30, 10), 0, 'its interval is not final')
    await settle(1)
    assert.equal(await pruneVideos(worker, id, 32, 10), 0, 'too young')
    assert.equal(await pruneVideos(worker, id, 30, 10), 1)
    assert.equal(await pruneVideos(worker, id, 30, 10), 0)
    assert.equal(await framesOf(requestId), 0)
    assert.equal(await getContent(db, jobId, 'thumbnail'), null)
    assert.deepEqual(await prompts(), [''])
    const job = (await getJob(db, jobId))!
    assert.deepEqual([job.status, job.prompt, job.winningRequestId], ['completed', '', requestId])
    assert.notEqual(job.forgottenAt, null)
    assert.deepEqual(await recentRequests(db, id, 10), [], 'no challenge is made like it')
  })

  it('prunes one that no prover took, and waits for one whose prover may still answer', async () => {
    const { id: jobId, inferenceId } = await newJob(db, id)
    await startAttempts(db, id, [attempt(1, { inferenceId })])
    await deleteJob(db, jobId)
    await db.execute(
      `UPDATE jobs SET status = 'failed', error_code = 'x', completed_at = now() WHERE id = $1`,
      [jobId],
    )
    await age(31)
    assert.equal(await pruneVideos(worker, id, 30, 10), 0, 'its prover may still answer')
    assert.equal(await removeDeletedFrames(worker, id, 10), 0)
    await db.execute(
      `UPDATE attempts SET asked_at = asked_at - interval '1 day' WHERE inference_id = $1`,
      [inferenceId],
    )
    assert.equal(await removeDeletedFrames(worker, id, 10), 1)
    assert.equal(await pruneVideos(worker, id, 30, 10), 1)
  })

  it('keeps the evidence of a cheat for as long as the verdict, which goes with the record', async () => {
    const caught = await video({ cheat: true })
    const [passed, cheat] = [await challenge('pass'), await challenge('cheat')]
    const wide = await challenge('pass', attempt(2, { kind: 'wide', wideN: 1, wideRound: 1 }))
    await settle(1)
    await deleteJob(db, caught.jobId)
    assert.equal(await removeDeletedFrames(worker, id, 10), 0)
    await age(400)
    const sweep = async () => {
      await pruneVideos(worker, id, 30, 10)
      while (await removeChallengeFrames(worker, id, 30, 1));
    }
    await sweep()
    assert.deepEqual(
      [await framesOf(caught.requestId), await framesOf(cheat), await framesOf(passed)],
      [2, 2, 0],
    )
    assert.equal(await framesOf(wide), 0, 'what a wide round asked is no user’s either')
    assert.match((await prompts())[0]!, /red ball/)
    assert.equal(await pruneInterval(worker, id, 30), null, 'its record is not public')
    await db.tx((tx) => decideWeights(tx, id, 1, NOTHING))
    await signRecord(db, id, 1, '0x00')
    assert.equal(await pruneInterval(worker, id, 30), null, 'no later interval has settled')
    await openInterval(db, id, 2)
    await settle(2)
    assert.equal(await pruneInterval(worker, id, 401), null, 'too young')
    assert.equal(await pruneInterval(worker, id, 30), 1)
    assert.equal(await pruneInterval(worker, id, 30), null)
    assert.deepEqual(await verdictsOf(db, id, 1), [])
    const { hash, previousHash, signature, expired } = (await recordOf(db, id, 1))!
    assert.deepEqual(
      { hash, previousHash, signature, expired },
      { hash: recordFor(1).hash, previousHash: null, signature: '0x00', expired: true },
      'the chain of hashes stays whole',
    )
    assert.equal(await recordBody(db, id, 1), null)
    assert.equal(await isRecordPublic(db, id, 1), false)
    assert.equal(await framesOf(cheat), 0)
    assert.equal((await scoresOf(db, id, 1)).length, 2, 'scores stay')
    assert.notEqual((await intervalByN(db, id, 1))!.forgottenAt, null)
    assert.notEqual(
      await recordOf(db, id, 2),
      null,
      'the newest record is what the next one links to',
    )
    await sweep()
    assert.equal(await framesOf(caught.requestId), 0)
    assert.deepEqual(await prompts(), [''])
  })

  it('never takes an interval that may still change, nor one of less than 30 days', async () => {
    await assert.rejects(pruneInterval(worker, id, 29), /30 days at least/)
    await db.execute(`UPDATE intervals SET closed_at = now() WHERE verifier = $1`, [id.verifier])
    await age(400)
    assert.equal(await pruneInterval(worker, id, 30), null, 'open')
    assert.equal(await removeChallengeFrames(worker, id, 30, 10), false)
    await challenge('pass')
    await assert.rejects(db.execute('DELETE FROM verdicts'), /append-only/)
  })

  it('is done side by side by several workers, each thing once', async () => {
    const videos = await Promise.all(Array.from({ length: 9 }, () => video()))
    await Promise.all(Array.from({ length: 5 }, () => challenge('pass')))
    await published()
    await age(400)
    const retention = { videosDays: 30, recordsDays: 60 }
    await Promise.all(
      [1, 2, 3].map(() =>
        new RetentionSweep(worker, id, retention, Date.now, { rows: 2, videos: 2 }).whenDue(),
      ),
    )
    for (const { jobId, requestId } of videos) {
      assert.equal(await framesOf(requestId), 0)
      assert.notEqual((await getJob(db, jobId))!.forgottenAt, null)
    }
    const left = await db.query(
      `SELECT 1 FROM attempts WHERE verifier = $1 AND kind = 'challenge'
       UNION ALL SELECT 1 FROM contents c JOIN jobs j ON j.id = c.job_id JOIN inference_requests r ON r.id = j.inference_id WHERE r.verifier = $1`,
      [id.verifier],
    )
    assert.deepEqual(left, [])
  })
})
