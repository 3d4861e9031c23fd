import assert from 'node:assert/strict'
import type { ProverDetail } from '../../../api/network/prover-schema.js'
import { proverDetailSchema } from '../../../api/network/prover-schema.js'
import { routingChanges } from '../../../ledger/provers/routing-changes.js'
import { recordOutcomes, startAttempts } from '../../../ledger/requests/attempts.js'
import { observe } from '../../../rules/settle/observation.js'
import { afterCheats, nextScore, scoreMayRise } from '../../../rules/settle/score.js'
import { attempt, failure, newJob, newVerifier, success, uuid } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { awayTemporal, type Problem, startApi, type TestApi } from '../server.js'
import { livedInterval, scenic, settled } from './scene.js'

describe('/v1/network/provers/{hotkey}', () => {
  const database = useDatabase()
  const temporal = awayTemporal()
  const id = newVerifier()
  let clock = performance.now()
  let server: TestApi
  const [good, weak] = [scenic(1), scenic(2)]
  before(async () => {
    const elapsed = () => {
      clock += 1_000
      return clock
    }
    server = await startApi({ db: database().db, temporal, verifierId: id, elapsed })
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
  })
  const show = async (hotkey: string, query = ''): Promise<ProverDetail> => {
    const res = await fetch(`${server.url}/v1/network/provers/${hotkey}${query}`)
    const text = await res.text()
    assert.equal(res.status, 200, text)
    // The answer holds what the document says, and nothing else.
    return proverDetailSchema.strict().parse(JSON.parse(text))
  }

  it('knows a prover that nothing was settled of yet, and tells nothing of what runs', async () => {
    const { db } = database()
    await livedInterval(db, id, 1, [
      { of: good, passes: 4, served: 4 },
      { of: weak, passes: 1, fails: 3, served: 5, late: 5 },
    ])
    const found = await show(good.hotkey)
    assert.equal(found.tier, 'bronze')
    assert.match(found.why, /No interval with it is shown yet/)
    assert.deepEqual(
      [found.history, found.moves, found.verdicts, found.last_verdicts, found.score],
      [[], [], [], [], null],
    )
    assert.equal(found.routing.used_last_settled_interval, 0, 'four run, none is settled')
    assert.equal(found.detection.answers, 0)
    const [line] = found.next_tier!.checks
    assert.deepEqual([line?.what, line?.have, line?.of], ['request_success_rate', 0, 0])
  })

  it('answers why it is Silver, and what is missing for Gold', async () => {
    const { db } = database()
    await settled(db, id, 1)
    await livedInterval(db, id, 2, [
      { of: good, passes: 2, fails: 1, served: 3, late: 1 },
      { of: weak, cheats: 1, served: 1 },
    ])
    await settled(db, id, 2)
    // Running: nothing of it may show.
    const running = await livedInterval(db, id, 3, [
      { of: good, passes: 3, served: 7 },
      { of: weak, cheats: 1 },
    ])
    const found = await show(good.hotkey)
    assert.equal(found.tier, 'bronze', 'it rose in interval 1 and fell in interval 2')
    assert.deepEqual(
      found.moves.map(({ n, to_tier, reason }) => [n, to_tier, reason]),
      [
        [2, 'bronze', 'rate_missed'],
        [1, 'silver', 'promoted'],
      ],
    )
    const missed =
      'relegated: its request success rate was 3 of 4 and its validation success rate 2 of 3, Silver requires 94.9 %'
    assert.equal(found.moves[0]!.reason_text, missed)
    assert.equal(
      found.why,
      `Bronze since interval 2, ${missed}. ` +
        'To reach Silver it still needs a request success rate of 94.9 % (3 of 4 succeeded, 4 would have done); ' +
        'a validation success rate of 94.9 % (2 of 3 passed, 3 would have done); ' +
        '3 more passed validations since its last move (0 of 3).',
    )
    assert.deepEqual(
      found.history.map(({ n, tier, checks_passed, total_successes }) => [
        n,
        tier,
        checks_passed,
        total_successes,
      ]),
      [
        [1, 'silver', 4, 8],
        [2, 'bronze', 2, 13],
      ],
    )
    assert.deepEqual(
      found.verdicts.map(({ interval }) => interval),
      // Three challenges and a late answer, then four challenges.
      [2, 2, 2, 2, 1, 1, 1, 1],
    )
    assert.ok(!running.some((requestId) => JSON.stringify(found).includes(requestId)))
    assert.equal(found.routing.used_last_settled_interval, 4)
    assert.deepEqual(
      [found.detection.answers, found.detection.full_checks, found.detection.spot_checks],
      [13, 6, 0],
    )
    assert.equal(
      found.detection.smallest_share_ppm,
      307_692,
      '4 of 13: C(9, 6)/C(13, 6) = 84/1716 = 4.9 %',
    )
  })

  it('shows nothing that a challenge of a running interval moves', async () => {
    const { db } = database()
    const told = async () => {
      const { breaker, routing } = await show(good.hotkey)
      return JSON.stringify({ breaker, routing })
    }
    // No breaker of before is open any more.
    await db.execute("UPDATE attempts SET completed_at = completed_at - interval '1 hour'")
    const before = await told()
    const challenge = (k: number) =>
      attempt(good.uid, { n: 3, ...good, requestId: uuid(), work: 1_000 * k })
    const rows = [challenge(1), challenge(2), challenge(3)]
    await startAttempts(db, id, rows)
    assert.equal(await told(), before, 'one is coming')
    await recordOutcomes(db, id, [
      success(rows[0]!.requestId, { elapsedUs: 987_654_321 }),
      success(rows[1]!.requestId, { elapsedUs: 987_654_321 }),
    ])
    await recordOutcomes(db, id, [failure(rows[2]!.requestId, { verdict: null })])
    assert.equal(await told(), before, 'they have ended')
    const { rows: routed } = await routingChanges(db, id, null)
    const known = routed.find(({ hotkey }) => hotkey === good.hotkey)
    assert.equal(known!.failuresInARow, 1, 'the router knows')
    // Nor does a user's request move the latency: what leaves it as it is would be a challenge.
    const { routing } = await show(good.hotkey)
    const job = await newJob(db, id)
    const asked = attempt(good.uid, { ...good, inferenceId: job.inferenceId })
    await startAttempts(db, id, [asked])
    await recordOutcomes(db, id, [success(asked.requestId, { elapsedUs: 987_654_321 })])
    const latency = (await show(good.hotkey)).routing.latency_us_per_work
    assert.equal(latency, routing.latency_us_per_work)
  })

  it('takes a score to pieces that make it up again', async () => {
    for (const { hotkey } of [good, weak]) {
      const { score, history, tier_before } = {
        ...(await show(hotkey)),
        tier_before: hotkey === good.hotkey ? ('silver' as const) : ('bronze' as const),
      }
      assert.ok(score !== null)
      const { cheats, checks_passed } = history.at(-1)!
      const observation = observe(
        score.mean_reward_ppm,
        score.paid_capacity_ppm!,
        tier_before,
        cheats > 0,
      )
      assert.equal(score.observation_ppm, observation)
      assert.equal(
        score.score_ppm,
        nextScore(afterCheats(score.before_ppm, cheats), score.observation_ppm, {
          alphaPpm: score.alpha_ppm,
          mayRise: scoreMayRise(tier_before, checks_passed),
        }),
      )
    }
    const { score } = await show(good.hotkey)
    // Two challenges passed and three requests served, a challenge failed, a request failed: 4.94 of 11; Silver.
    assert.deepEqual([score?.mean_reward_ppm, score?.observation_ppm], [449_090, 246_999])
    assert.match(
      score!.text,
      /^Its mean reward in interval 2 was 0\.4491; times 1 GPU and 0\.55 for Silver/,
    )
    assert.deepEqual(
      [
        score?.wide_share_ppm,
        score?.offer_share_ppm,
        score?.capacity_ppm,
        score?.paid_capacity_ppm,
      ],
      [1_000_000, 1_000_000, 1_000_000, 1_000_000],
    )
    const caught = await show(weak.hotkey)
    assert.deepEqual([caught.cheats.total, caught.cheats.last_interval], [1, 2])
    assert.match(caught.why, /One of its answers was found to be a cheat, in interval 2\./)
    assert.doesNotMatch(JSON.stringify(caught.next_tier), /no cheat was found"/)
    assert.match(
      caught.score!.text,
      /^Its observation in interval 2 was -?[\d.]+, (because it was caught cheating|its mean reward)\./,
    )
    assert.deepEqual(
      [caught.routing.last_resort, caught.routing.last_resort_reason],
      [true, 'a cheat of it was found in interval 2, and 0 of 5 checks passed since'],
    )
  })

  it('of what a version without wide rounds settled it shows no shares, and says what there was', async () => {
    const { db } = database()
    await db.execute(
      `UPDATE scores SET wide_share_ppm = NULL, offer_share_ppm = NULL, capacity_ppm = NULL,
         paid_capacity_ppm = NULL WHERE n = 2`,
    )
    const { score, history } = await show(good.hotkey)
    assert.equal(score!.paid_capacity_ppm, null)
    assert.equal(history.at(-1)!.capacity_ppm, null)
    assert.match(score!.text, /^Its observation in interval 2 was 0\.247\. The score went/)
  })

  it('shows verdicts page by page', async () => {
    const { db } = database()
    await livedInterval(db, id, 4, [{ of: good, passes: 70 }, { of: weak }])
    await settled(db, id, 3)
    await settled(db, id, 4)
    const first = await show(good.hotkey)
    assert.equal(first.verdicts.length, 50)
    const second = await show(good.hotkey, `?verdicts_after=${first.verdicts_next}`)
    const all = [...first.verdicts, ...second.verdicts].map(
      (row) => `${row.request_id} ${row.kind}`,
    )
    assert.equal(new Set(all).size, all.length, 'none twice')
    const [{ count } = { count: 0 }] = await db.query<{ count: number }>(
      'SELECT count(*) FROM verdicts WHERE verifier = $1 AND hotkey = $2 AND n <= 4',
      [id.verifier, good.hotkey],
    )
    assert.equal(count, all.length + (second.verdicts_next === null ? 0 : 1))
  })

  it('shows the present registration of a hotkey, and the ones before shortly', async () => {
    const { db } = database()
    const again = scenic(weak.uid, 900)
    await livedInterval(db, id, 5, [{ of: good, passes: 1 }, { of: again }])
    const found = await show(weak.hotkey)
    assert.deepEqual(
      [found.registered_block, found.present, found.history, found.why.slice(0, 7)],
      [900, true, [], 'Bronze:'],
    )
    assert.deepEqual(
      found.earlier_registrations.map(({ registered_block, last_settled_interval }) => [
        registered_block,
        last_settled_interval,
      ]),
      [[weak.registeredBlock, 4]],
    )
  })

  it('knows what it does not know', async () => {
    const unknown = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'
    for (const hotkey of [unknown, 'x', `${unknown}0`, '%00', '..%2f', 'I'.repeat(48)]) {
      const res = await fetch(`${server.url}/v1/network/provers/${hotkey}`)
      assert.equal(res.status, 404, hotkey)
      assert.equal(((await res.json()) as Problem).code, 'prover_not_found', hotkey)
    }
    for (const query of ['verdicts_after=x', 'verdicts_after=1.2', 'verdicts_after=']) {
      const res = await fetch(`${server.url}/v1/network/provers/${good.hotkey}?${query}`)
      assert.equal(res.status, 400, query)
    }
  })

  it('answers any page on the web, says what changed, and asks Postgres once for many', async () => {
    const one = await fetch(`${server.url}/v1/network/provers/${good.hotkey}`)
    assert.equal(one.headers.get('access-control-allow-origin'), '*')
    assert.equal(one.headers.get('cache-control'), 'public, max-age=1')
    const headers = { 'If-None-Match': one.headers.get('etag')! }
    const same = await fetch(`${server.url}/v1/network/provers/${good.hotkey}`, { headers })
    assert.deepEqual([same.status, await same.text()], [304, ''])
    const videos = await server.fetch('/v1/videos')
    assert.equal(videos.headers.get('access-control-allow-origin'), null)

    const standing = { db: database().db, queries: 0 }
    const counted = {
      ...standing.db,
      query: <R>(sql: string, params?: unknown[]): Promise<R[]> => {
        standing.queries += 1
        return standing.db.query<R>(sql, params)
      },
    }
    const still = performance.now()
    const watched = await startApi({ db: counted, temporal, verifierId: id, elapsed: () => still })
    try {
      const path = `${watched.url}/v1/network/provers/${good.hotkey}`
      const answers = await Promise.all(Array.from({ length: 40 }, () => fetch(path)))
      assert.ok(answers.every((res) => res.ok))
      assert.ok(standing.queries <= 15, `${standing.queries} queries for 40 watchers`)
    } finally {
      await watched.close()
    }
  })
})
