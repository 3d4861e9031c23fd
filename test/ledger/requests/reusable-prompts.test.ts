import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { closeInterval } from '../../../ledger/intervals/intervals.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { attemptsById, recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { completeJob, deleteJob, type JobRow } from '../../../ledger/requests/jobs.js'
import { pruneVideos } from '../../../ledger/requests/retention.js'
import { reusablePrompts, reusedTexts } from '../../../ledger/requests/reusable-prompts.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { REUSED_PROMPTS_MAX, REUSED_PROMPTS_PER_KEY } from '../../../rules/constants.js'
import { useDatabase } from '../../support/postgres.js'
import {
  attempt,
  newJob,
  newVerifier,
  openInterval,
  prover,
  resultFor,
  success,
} from '../fixtures.js'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

describe('ledger/reusable prompts', () => {
  const database = useDatabase()
  let id: VerifierId
  beforeEach(async () => {
    id = newVerifier()
    await openInterval(database().db, id, 1)
  })
  const job = (prompt: string, more: Partial<JobRow> = {}) =>
    newJob(database().db, id, { prompt, ...more })
  const found = async () =>
    (await reusablePrompts(database().db, id)).map(({ promptSha256 }) => promptSha256)

  it('are those of the last day’s counted requests, each once, by their hashes', async () => {
    const { db } = database()
    await job('ünïcode 🦊 "a cat"', { negativePrompt: 'blurry' })
    await job('a dog')
    await job('a dog')
    await job('uncounted', { counted: false })
    const old = await job('of yesterday')
    await db.execute(
      `UPDATE inference_requests SET created_at = created_at - interval '1 day' WHERE job_id = $1`,
      [old.id],
    )
    await newJob(db, newVerifier(), { prompt: 'of another verifier' })
    const expected = [hashOf('ünïcode 🦊 "a cat"'), hashOf('a dog')].sort()
    assert.deepEqual(await found(), expected)
    const cat = (await reusablePrompts(db, id)).find(({ negativePrompt }) => negativePrompt)!
    assert.deepEqual(cat, {
      promptSha256: hashOf('ünïcode 🦊 "a cat"'),
      negativePrompt: true,
      servedBy: [],
    })
    const texts = await reusedTexts(db, id, [cat.promptSha256, hashOf('uncounted')])
    assert.deepEqual(
      [...texts],
      [[cat.promptSha256, { prompt: 'ünïcode 🦊 "a cat"', negativePrompt: 'blurry' }]],
    )
  })

  it('leave out what somebody did not want reused, whoever else sent it, and what was deleted', async () => {
    const { db } = database()
    await job('mine alone', { reusePrompt: false })
    await job('both of us')
    await job('both of us', { reusePrompt: false, apiKeyId: 'another key' })
    const deleted = await job('deleted')
    assert.deepEqual(await found(), [hashOf('deleted')])
    await deleteJob(db, deleted.id)
    assert.deepEqual(await found(), [])
    const texts = ['mine alone', 'both of us', 'deleted'].map(hashOf)
    assert.equal((await reusedTexts(db, id, texts)).size, 0)
  })

  it('know every prover that was asked with one, by a user or by a check', async () => {
    const { db } = database()
    const [first, second] = [await job('a cat'), await job('a cat')]
    await startAttempts(db, id, [
      attempt(1, { inferenceId: first.inferenceId }),
      attempt(2, { inferenceId: second.inferenceId }),
      attempt(3, { n: 1, promptSha256: hashOf('a cat') }),
      attempt(4, { n: 1 }),
    ])
    const [cat] = await reusablePrompts(db, id)
    assert.deepEqual(
      cat!.servedBy,
      [1, 2, 3].map((uid) => prover(uid).hotkey),
    )
  })

  it('are the newest, and not too many of one key', async () => {
    const { db } = database()
    for (let k = 0; k < REUSED_PROMPTS_PER_KEY + 5; k++) await job(`flood ${k}`, { apiKeyId: 'a' })
    await job('of another', { apiKeyId: 'b' })
    const hashes = await found()
    assert.equal(hashes.length, REUSED_PROMPTS_PER_KEY + 1)
    assert.ok(hashes.includes(hashOf('of another')))
    assert.ok(!hashes.includes(hashOf('flood 0')), 'the oldest of them')
    await db.execute(
      `WITH j AS (
         INSERT INTO jobs (id, api_key_id, inference_id)
         SELECT 'video_b' || lpad(to_hex(k), 23, '0'), 'many-' || k, gen_random_uuid() FROM generate_series(1, 600) k
         RETURNING *
       )
       INSERT INTO inference_requests (id, job_id, netuid, verifier, api_key_id, seed, prompt, negative_prompt, steps,
         guidance_milli, width, height, frames, fps, model, counted, prompt_sha256)
       SELECT inference_id, id, $1, $2, api_key_id, 1, id, '', 1, 1, 1, 1, 1, 1, 'm', true, id FROM j`,
      [id.netuid, id.verifier],
    )
    assert.equal((await found()).length, REUSED_PROMPTS_MAX)
  })

  it('are pruned with their videos from the checks that asked with them', async () => {
    const { db } = database()
    const user = await job('a cat')
    const [served, check, other] = await startAttempts(db, id, [
      attempt(1, { inferenceId: user.inferenceId }),
      attempt(2, { n: 1, promptSha256: hashOf('a cat') }),
      attempt(2, { n: 1 }),
    ])
    await recordOutcomes(
      db,
      id,
      [served, check, other].map((row) => success(row!.requestId)),
    )
    await completeJob(db, user.id, {
      winningRequestId: served!.requestId,
      warnings: [],
      keptMs: null,
    })
    await db.tx(async (tx) => {
      await closeInterval(tx, id, 1)
      await writeSettlement(tx, id, 1, resultFor(1))
    })
    await db.execute(
      `UPDATE jobs SET completed_at = completed_at - interval '31 days' WHERE id = $1`,
      [user.id],
    )
    assert.equal(await pruneVideos(db, id, 30, 10), 1)
    const rows = await attemptsById(db, [check!.requestId, other!.requestId])
    const body = (requestId: string) =>
      Buffer.from(rows.find((row) => row.requestId === requestId)!.body).toString()
    assert.equal(body(check!.requestId), '')
    assert.notEqual(body(other!.requestId), '')
    assert.deepEqual(await found(), [])
  })
})
