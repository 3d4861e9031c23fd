import assert from 'node:assert/strict'
import { createCloseInterval } from '../../../activities/interval/close-interval.js'
import { createOpenInterval } from '../../../activities/interval/open-interval.js'
import { createSettleInterval } from '../../../activities/interval/settle-interval.js'
import { createSignRecord } from '../../../activities/interval/sign-record.js'
import { createWaitForTurn } from '../../../activities/interval/wait-for-turn.js'
import { createFetchOpenings } from '../../../activities/judging/fetch-openings.js'
import type { VerifierDeps } from '../../../activities/verifier-deps.js'
import { verifyText } from '../../../base/sr25519.js'
import { parseJson, readRecordValue } from '../../../cli/audit/read-record-text.js'
import { fromHex } from '../../../formats/bytes.js'
import { publishedClassesText } from '../../../formats/published-classes.js'
import { recordHash, recordText } from '../../../formats/record.js'
import { sha256Hex } from '../../../formats/sha256.js'
import type { Database, Queryable, Tx } from '../../../ledger/database.js'
import { intervalByN, setFailure } from '../../../ledger/intervals/intervals.js'
import { acquireLease, releaseLease } from '../../../ledger/intervals/lease.js'
import { planItems, planRounds } from '../../../ledger/intervals/plans.js'
import { recordOf } from '../../../ledger/intervals/records.js'
import { getSecret } from '../../../ledger/intervals/secrets.js'
import { scoresOf } from '../../../ledger/intervals/settlement.js'
import { shownThrough } from '../../../ledger/intervals/shown.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { publishedClasses } from '../../../ledger/judging/published-classes.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { intervalProvers, standings } from '../../../ledger/provers/provers.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { auditRecord } from '../../../rules/audit/audit-record.js'
import { encodeBody } from '../../../wire/generation-body.js'
import { attempt, newJob, success, uuid } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { recordBody } from '../../support/records/record-body.js'
import { StandIn } from '../stand-in.js'
import { chainWith, run, useChain } from '../verifier-site.js'
import { type Behaviour, IntervalSite } from './interval-site.js'

/** A database that notes every row that is read of it. */
function watched(of: Database): { db: Database; rows: object[] } {
  const rows: object[] = []
  const noting = <Q extends Queryable>(queryable: Q): Q => ({
    ...queryable,
    query: async <R>(...given: Parameters<Queryable['query']>) => {
      const found = await queryable.query<R & object>(...given)
      rows.push(...found)
      return found
    },
  })
  const copying = (inner: Tx): Tx => ({
    ...noting(inner),
    copy: async (...given) => {
      const copied = await inner.copy(...given)
      rows.push({ copied })
      return copied
    },
  })
  const tx: Database['tx'] = (fn) => of.tx((inner) => fn(copying(inner)))
  const snapshot: Database['snapshot'] = (fn) => of.snapshot((inner) => fn(copying(inner)))
  return { rows, db: { ...noting(of), tx, snapshot } }
}

describe('activities: an interval', () => {
  const database = useDatabase()
  const chain = useChain()
  let site: IntervalSite

  async function open(...behaviours: Behaviour[]): Promise<VerifierDeps> {
    site = await IntervalSite.open(chain(), database().db, behaviours, {
      rounds: { max: 2 },
      sampleSize: 3,
    })
    return site.verifier.deps
  }

  afterEach(() => site.close())

  /** A user's request, answered by the i-th prover with what the class computes. */
  async function served(deps: VerifierDeps, i: number): Promise<void> {
    const { db, id } = deps
    const seed = 7 + i
    const requestId = uuid()
    const shape = { width: 8, height: 8, frames: 2, steps: 3, fps: 8 }
    const { inferenceId } = await newJob(db, id, { ...shape, seed, apiKeyId: `key ${i}` })
    const { bytes, sha256 } = encodeBody({
      request_id: requestId,
      query: 'a red ball rolls',
      private_input: { negative_prompt: '' },
      sampling_params: {
        seed,
        num_inference_steps: shape.steps,
        guidance_scale: 3,
        width: shape.width,
        height: shape.height,
        num_frames: shape.frames,
        fps: shape.fps,
      },
      model: 'fake',
      deadline_ms: 30_000,
    })
    const made = await new StandIn(site.determinismClass).generate({
      ...shape,
      seed,
      prompt: 'a red ball rolls',
      negativePrompt: '',
      guidanceMilli: 3000,
    })
    const { hotkey, registeredBlock } = (await standings(db, id)).find(
      (row) => row.hotkey === site.verifier.provers[i]!.ss58,
    )!
    await startAttempts(db, id, [
      attempt(1, {
        inferenceId,
        requestId,
        hotkey,
        registeredBlock,
        body: bytes,
        bodySha256: sha256,
        work: 384,
        apiKeyId: `key ${i}`,
      }),
    ])
    const { framesSha256, traceRoot } = made
    const { determinismClass } = site
    await recordOutcomes(db, id, [
      success(requestId, { framesSha256, traceRoot, determinismClass }),
    ])
  }

  /** Interval n asked, audited and judged: all but settled. */
  async function judged(deps: VerifierDeps, n: number, { spotChecks = false } = {}): Promise<void> {
    await site.ask(n)
    if (spotChecks) {
      await run(createFetchOpenings(deps), { n, final: true })
      await site.computeSpotChecks(n)
    }
    await run(createCloseInterval(deps), { n })
    for (const round of [0, 1]) await site.recompute(n, { round })
    await site.recompute(n, 'audits')
    await site.judge(n, true)
  }

  async function standing({ db, id }: VerifierDeps) {
    return (await standings(db, id)).map(({ tier, scorePpm, totalSuccesses, settledN }) => ({
      tier,
      scorePpm,
      totalSuccesses,
      settledN,
    }))
  }

  it('is planned once, whoever opens it and how often', async () => {
    const deps = await open('honest', 'another', 'away')
    const { n } = await site.next(0)
    const opening = (changes: Partial<VerifierDeps> = {}) =>
      run(createOpenInterval({ ...deps, ...changes }), { n })
    // Killed after the commitment, before anything is drawn.
    const killed = { metagraph: () => Promise.reject(new Error('killed')) }
    await assert.rejects(opening({ chain: chainWith(deps.chain, killed) }), /killed/)
    const secrets = deps.newSecret
    const [first, second] = await Promise.all([
      opening(),
      opening({ newSecret: () => secrets().toReversed() }),
    ])
    assert.deepEqual(first, second)
    assert.deepEqual([first.final, first.provers, first.reachable], [null, 3, 2])
    const plan = await planRounds(deps.db, deps.id, n)
    assert.deepEqual(plan.map(({ kind }) => kind).sort(), [
      'challenge',
      'challenge',
      'wide',
      'wide',
    ])
    const provers = await intervalProvers(deps.db, deps.id, n)
    await site.close()
    assert.deepEqual(await opening({ profile: { ...deps.profile, sampleSize: 1 } }), first)
    assert.deepEqual(await planRounds(deps.db, deps.id, n), plan)
    assert.deepEqual(await intervalProvers(deps.db, deps.id, n), provers)
  })

  it('publishes the classes that can be judged, signed, as it opens', async () => {
    site = await IntervalSite.open(chain(), database().db, ['honest'])
    const { db, id, chain: subnet, model } = site.verifier.deps
    assert.equal(await publishedClasses(db, id), null)
    await site.begin()
    const { body, signature } = (await publishedClasses(db, id))!
    assert.ok(verifyText(id.verifier, publishedClassesText(body), signature))
    const { genesis_hash, netuid, verifier, interval, model_root } = body
    assert.deepEqual(
      { genesis_hash, netuid, verifier, interval, model_root },
      { genesis_hash: subnet.genesisHash, ...id, interval: 1, model_root: model.root },
    )
    const ours = body.classes.filter((each) => each.determinism_class === site.determinismClass)
    assert.deepEqual(
      ours.map(({ exact, us_per_work }) => [exact, us_per_work]),
      [[true, 1_000_000]],
    )
  })

  it('settles once, and its record says all that it follows from', async () => {
    const deps = await open('honest', 'another', 'away')
    const { db, id } = deps
    // Dear enough that deadlines are above the floor.
    await db.execute('UPDATE certificates SET cold_us = 20000000 WHERE determinism_class = $1', [
      site.determinismClass,
    ])
    await site.begin()
    await site.serve(1, 0, { seed: 1 })
    await site.serve(1, 0, { seed: 2 })
    await site.serve(1, 1)
    await site.askWide(1)
    await judged(deps, 1, { spotChecks: true })
    const settling = () => run(createSettleInterval(deps), { n: 1 })
    const settled = await settling()
    assert.equal(settled.phase, 'settled')
    const all = async () => ({
      interval: await intervalByN(db, id, 1),
      standing: await standing(deps),
      scores: await scoresOf(db, id, 1),
      record: await recordOf(db, id, 1),
      weights: await weightSet(db, id, 1),
    })
    const before = await all()
    await site.verifier.harness.advance(5)
    assert.deepEqual(await settling(), settled)
    assert.deepEqual(await all(), before)

    const { hash, previousHash } = before.record!
    const body = (await recordBody(db, id, 1))!
    assert.equal(recordHash(body), hash)
    const read = readRecordValue(parseJson(body))
    const { record, answers } = read
    assert.deepEqual([record.outcome, record.previous, previousHash], ['settled', null, null])
    assert.equal(sha256Hex(fromHex(record.secret!)), record.commitment!.secretSha256)
    assert.deepEqual(
      record.nextCommitment!.secretSha256,
      (await getSecret(db, id, 2))!.commitmentSha256,
    )
    // All that it drew, found and paid follows from it.
    assert.deepEqual(auditRecord(read), [])
    assert.equal(record.challenges.length, 6)
    assert.ok(record.challenges.every(({ body }) => body !== null))
    assert.deepEqual([record.plan!.gpuColdUs, record.certificates[0]!.coldUs], [2e7, 2e7])
    assert.ok(record.challenges.every(({ deadlineMs }) => deadlineMs >= 40_000))
    // Three users' requests, two of the wide round at each prover, and the challenges.
    assert.equal(answers.length, 3 + 6 + 6)
    assert.deepEqual([...new Set(answers.map(({ key }) => key))].sort(), [0, 1, null])
    const settlement = record.settlement!
    assert.deepEqual(settlement.cheatingHotkeys, [site.verifier.provers[1]!.ss58])
    // Two slots of the wide round each: the one that cheats delivered too, the one that is away did not.
    assert.deepEqual(
      settlement.provers.map((row) => [row.wideKept, row.wideSlots, row.wideSharePpm]),
      [
        [2, 2, 1_000_000],
        [2, 2, 1_000_000],
        [0, 2, 0],
      ],
    )
    assert.ok(settlement.provers.some(({ scoreAfter }) => scoreAfter > 0))
    assert.deepEqual([record.weights!.uids, record.weights!.values], [[1], [65535]])
    assert.deepEqual(before.weights!.uids, [1])

    await run(createSignRecord(deps), { n: 1 })
    const signed = (await recordOf(db, id, 1))!
    assert.ok(verifyText(id.verifier, recordText(hash), signed.signature!))
    await run(createSignRecord(deps), { n: 1 })
    assert.deepEqual(await recordOf(db, id, 1), signed)

    // A reset: it is final, and nobody is asked.
    await site.close()
    const silent = { metagraph: () => assert.fail('asked the chain') }
    const reset = createOpenInterval({ ...deps, chain: chainWith(deps.chain, silent) })
    assert.equal((await run(reset, { n: 1 })).final, 'settled')
  })

  it('names no prompt of a user and no API key in its record, and reads no prompt to settle', async () => {
    const deps = await open('honest', 'honest')
    await site.begin()
    await served(deps, 0)
    await judged(deps, 1)
    const { db, rows } = watched(deps.db)
    await run(createSettleInterval({ ...deps, db }), { n: 1 })
    assert.ok(rows.length > 10)
    // A prompt may have 100 kB, and an interval thousands of them.
    const holds = (value: unknown) =>
      Buffer.isBuffer(value)
        ? value.includes('a red ball rolls')
        : JSON.stringify(value ?? null).includes('a red ball rolls')
    for (const row of rows) assert.ok(!Object.values(row).some(holds), Object.keys(row).join())
    const body = (await recordBody(deps.db, deps.id, 1))!
    assert.doesNotMatch(body, /a red ball rolls|key 0/)
  })

  it('decides at once that nothing is set, where the verifier is to set no weights', async () => {
    const deps = await open('honest', 'honest')
    await site.begin()
    await site.askWide(1)
    await judged(deps, 1, { spotChecks: true })
    const settings = { ...deps.settings, setWeights: false }
    await run(createSettleInterval({ ...deps, settings }), { n: 1 })
    const { kind, state, uids } = (await weightSet(deps.db, deps.id, 1))!
    assert.deepEqual([kind, state, uids.length], ['disabled', 'done', 2])
    assert.equal(await shownThrough(deps.db, deps.id), 1)
    const read = readRecordValue(parseJson((await recordBody(deps.db, deps.id, 1))!))
    assert.equal(read.record.weights!.kind, 'weights', 'the vector that follows is told')
    assert.deepEqual(auditRecord(read), [])
  })

  it('abstains where every prover refuses our time: the clock that is wrong is ours', async () => {
    const deps = await open('late clock', 'late clock', 'late clock')
    await site.begin()
    await site.ask(1)
    await site.judge(1)
    const verdicts = (await site.verdicts(1)).flat()
    assert.ok(verdicts.length >= 3)
    for (const verdict of verdicts) assert.deepEqual(verdict, ['abstained', 'own_clock', null])
    assert.ok(deps.clock.isWrong)
  })

  it('abstains where provers do not admit us, who have lost our permit', async () => {
    await open('honest', 'honest')
    await site.begin()
    site.admitted = false
    await site.ask(1)
    await site.judge(1)
    const verdicts = (await site.verdicts(1)).flat()
    assert.ok(verdicts.length >= 2)
    for (const verdict of verdicts) assert.deepEqual(verdict, ['abstained', 'own_fault', null])
  })

  it('fails the one prover whose own clock is wrong', async () => {
    const deps = await open('honest', 'late clock', 'away')
    await site.begin()
    await site.ask(1)
    await site.judge(1)
    const [, late] = await site.verdicts(1)
    assert.ok(late!.length > 0)
    for (const verdict of late!) assert.deepEqual(verdict, ['fail', 'stale', -10_000])
    assert.ok(!deps.clock.isWrong)
  })

  it('that failed is told as failed until its workflow runs again, whoever had it run', async () => {
    const deps = await open('honest', 'honest')
    const { db, id } = deps
    await site.begin()
    const runAgain = async () => {
      await setFailure(db, id, 1, 'ChainUnavailable in rounds')
      const { final } = await run(createOpenInterval(deps), { n: 1 })
      return { final, failure: (await intervalByN(db, id, 1))!.failure }
    }
    assert.deepEqual(await runAgain(), { final: null, failure: null })
    await judged(deps, 1)
    await run(createSettleInterval(deps), { n: 1 })
    // Settled already: its weights failed.
    assert.deepEqual(await runAgain(), { final: 'settled', failure: null })
  })

  it('waits for its turn, which comes when the interval before is settled', async () => {
    const deps = await open('honest', 'honest')
    await site.begin()
    await judged(deps, 1)
    await site.begin(1)
    const unsettled = run(createSettleInterval(deps), { n: 2 })
    await assert.rejects(unsettled, { code: 'settlement_out_of_order', retryable: true })
    assert.equal((await intervalByN(deps.db, deps.id, 2))!.phase, 'rounds')
    const beats: string[] = []
    await run(
      createWaitForTurn(deps),
      { n: 2 },
      {
        onBeat: async (details) => {
          if (beats.push(details) === 1) await run(createSettleInterval(deps), { n: 1 })
        },
      },
    )
    assert.match(beats[0]!, /^interval 1 is in phase audit$/)
    assert.equal((await run(createSettleInterval(deps), { n: 2 })).phase, 'settled')
  })

  it('lapses when nobody settled it in time: nothing moves, and its record is there', async () => {
    const deps = await open('honest', 'another')
    const { db, id } = deps
    await site.begin()
    await served(deps, 0)
    await judged(deps, 1)
    await site.begin(1)
    const before = await standing(deps)
    // At 12 s a block the 15 minutes are 75 blocks: interval 1's have passed, those of 2 not.
    const slow = { ...deps, chain: chainWith(deps.chain, { blockSeconds: 12 }) }
    const { firstBlock, length } = (await intervalByN(db, id, 1))!
    const { number } = await deps.chain.finalized()
    await site.verifier.harness.advance(firstBlock + length + 75 - number)
    await run(createWaitForTurn(slow), { n: 2 })
    assert.equal((await intervalByN(db, id, 1))!.phase, 'lapsed')
    assert.deepEqual(await standing(deps), before)
    assert.deepEqual(await scoresOf(db, id, 1), [])
    assert.equal(await weightSet(db, id, 1), null)

    const { hash } = (await recordOf(db, id, 1))!
    const body = (await recordBody(db, id, 1))!
    assert.equal(recordHash(body), hash)
    const read = readRecordValue(parseJson(body))
    const { record, answers } = read
    assert.deepEqual([record.outcome, record.settlement, record.weights], ['lapsed', null, null])
    assert.equal(sha256Hex(fromHex(record.secret!)), record.commitment!.secretSha256)
    assert.deepEqual(auditRecord(read), [])
    assert.ok(record.challenges.length > 0 && answers.length > record.challenges.length)
    // What was found is not hidden by letting the interval lapse.
    const verdicts = answers.flatMap(({ checks }) => checks.map(({ verdict }) => verdict))
    assert.deepEqual([...new Set(verdicts)].sort(), ['cheat', 'pass'])
    const cheats = (await verdictsOf(db, id, 1)).filter(({ verdict }) => verdict === 'cheat')
    assert.ok(cheats.length > 0)
    assert.deepEqual(
      record.evidence,
      cheats
        .map(({ requestId, kind, evidenceSha256 }) => ({ requestId, kind, sha256: evidenceSha256 }))
        .sort((a, b) => (a.requestId < b.requestId ? -1 : 1)),
    )
    assert.doesNotMatch(body, /a red ball rolls|key 0/)

    // Who settles it all the same finds it final; the next one links to its record.
    assert.equal((await run(createSettleInterval(slow), { n: 1 })).phase, 'lapsed')
    const reset = await run(createOpenInterval(slow), { n: 1 })
    assert.equal(reset.final, 'lapsed')
    assert.equal((await run(createSettleInterval(slow), { n: 2 })).phase, 'settled')
    assert.deepEqual(readRecordValue(parseJson((await recordBody(db, id, 2))!)).record.previous, {
      n: 1,
      hash,
    })
  })

  it('settles, lapses and opens only with the lease', async () => {
    const deps = await open('honest', 'honest')
    const { db, id } = deps
    await site.begin()
    await judged(deps, 1)
    await releaseLease(db, id, 'this test', deps.fence())
    await acquireLease(db, id, 'another holder')
    await assert.rejects(run(createSettleInterval(deps), { n: 1 }), { code: 'lease_lost' })
    assert.equal((await intervalByN(db, id, 1))!.phase, 'audit')
    const hurried = { ...deps, chain: chainWith(deps.chain, { blockSeconds: 1000 }) }
    await site.verifier.harness.advance(50)
    await assert.rejects(run(createWaitForTurn(hurried), { n: 2 }), { code: 'lease_lost' })
    assert.equal((await intervalByN(db, id, 1))!.phase, 'audit')
    assert.equal(await recordOf(db, id, 1), null)
    await assert.rejects(site.begin(1), { code: 'lease_lost' })
    assert.deepEqual(await planItems(db, id, 2), [])
  })
})
