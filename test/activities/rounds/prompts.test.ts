import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { createCloseInterval } from '../../../activities/interval/close-interval.js'
import { createSettleInterval } from '../../../activities/interval/settle-interval.js'
import { storedParams } from '../../../activities/shared/stored-request.js'
import { parseJson, readRecordValue } from '../../../cli/audit/read-record-text.js'
import {
  answersOfInterval,
  attemptsById,
  startAttempts,
} from '../../../ledger/requests/attempts.js'
import { deleteJob } from '../../../ledger/requests/jobs.js'
import { attempt, newJob } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { recordBody } from '../../support/records/record-body.js'
import { IntervalSite } from '../interval/interval-site.js'
import { run, useChain } from '../verifier-site.js'

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

describe('activities: prompts of rounds', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite

  afterEach(() => site.close())

  it('are users’ own where there are many, never what was kept private, and in the record by their hashes', async () => {
    site = await IntervalSite.open(chain(), database().db, ['honest', 'honest', 'honest'])
    const { deps, provers } = site.verifier
    const { db, id } = deps
    const texts = Array.from({ length: 80 }, (_, k) => `a user’s own prompt, number ${k}`)
    for (const prompt of texts) {
      const { inferenceId } = await newJob(db, id, {
        prompt,
        negativePrompt: `not ${prompt}`,
        apiKeyId: `key ${texts.indexOf(prompt) % 4}`,
      })
      // The first prover saw the first half; it may be forgotten by now what became of that.
      if (texts.indexOf(prompt) >= 40) continue
      const hotkey = provers[0]!.ss58
      await startAttempts(db, id, [attempt(1, { inferenceId, hotkey, deadlineMs: 1 })])
    }
    await newJob(db, id, { prompt: 'kept from checks', reusePrompt: false })
    const deleted = await newJob(db, id, { prompt: 'deleted before' })
    await deleteJob(db, deleted.id)
    const late = await newJob(db, id, { prompt: 'deleted since' })
    await site.begin()
    await deleteJob(db, late.id)
    await site.askWide(1, 0)
    await site.askWide(1, 1)
    await site.ask(1)

    const facts = (await answersOfInterval(db, id, 1)).filter(({ kind }) => kind !== 'inference')
    const rows = await attemptsById(
      db,
      facts.map(({ requestId }) => requestId),
    )
    assert.ok(rows.length >= 12, String(rows.length))
    const used = new Set<string>()
    for (const row of rows) {
      const { prompt, negativePrompt } = storedParams(row)
      assert.ok(!['kept from checks', 'deleted before', 'deleted since'].includes(prompt), prompt)
      const k = texts.indexOf(prompt)
      if (k < 0) continue
      assert.equal(row.promptSha256, hashOf(prompt))
      assert.equal(negativePrompt, `not ${prompt}`, 'it goes with its prompt')
      assert.ok(row.hotkey !== provers[0]!.ss58 || k >= 40, 'never to who saw it')
      used.add(prompt)
    }
    // 15 requests, of which more than three in five ask so.
    assert.ok(used.size > 0)
    assert.ok(
      rows.some((row) => row.promptSha256 === null),
      'nor are all of them',
    )

    await run(createCloseInterval(deps), { n: 1 })
    await site.recompute(1, { round: 0 })
    await site.recompute(1, 'audits')
    await site.judge(1, true)
    await run(createSettleInterval(deps), { n: 1 })
    const body = (await recordBody(db, id, 1))!
    for (const text of [...texts, 'kept from checks', 'deleted since'])
      assert.ok(!body.includes(text), text)
    const { record, byId } = readRecordValue(parseJson(body))
    const hashes = record.plan!.reusablePrompts.map(({ promptSha256 }) => promptSha256)
    assert.deepEqual(hashes, [...texts, 'deleted since'].map(hashOf).sort())
    for (const row of rows) {
      assert.equal(byId.get(row.requestId)!.promptSha256, row.promptSha256)
    }
    for (const item of record.challenges) {
      assert.equal(item.body === null, item.promptSha256 !== null)
    }
  })

  it('come from lines of the corpus where there is one', async () => {
    site = await IntervalSite.open(chain(), database().db, ['honest'])
    const { db, id } = site.verifier.deps
    Object.assign(site.verifier.deps, { corpus: ['one line', 'another line'] })
    await site.begin()
    await site.askWide(1)
    await site.ask(1)
    const facts = await answersOfInterval(db, id, 1)
    const rows = await attemptsById(
      db,
      facts.map(({ requestId }) => requestId),
    )
    assert.ok(rows.length > 0)
    for (const row of rows) {
      assert.ok(['one line', 'another line'].includes(storedParams(row).prompt))
    }
  })
})
