import assert from 'node:assert/strict'
import type { ApiServer } from '../../../api/server.js'
import type { Database } from '../../../ledger/database.js'
import { putSecret } from '../../../ledger/intervals/secrets.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { decideWeights } from '../../../ledger/intervals/weights.js'
import { putPublishedClasses } from '../../../ledger/judging/published-classes.js'
import { insertVerdicts } from '../../../ledger/judging/verdicts.js'
import {
  attempt,
  newVerifier,
  openInterval,
  recordFor,
  resultFor,
  uuid,
} from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { awayTemporal, type Problem, startApi } from '../server.js'
import { NO_WEIGHTS } from './scene.js'

describe('/v1/network', () => {
  const database = useDatabase()
  const temporal = awayTemporal()
  const id = newVerifier()
  let server: ApiServer
  let clock = performance.now()
  before(async () => {
    // Each look comes after what was kept of the one before.
    const elapsed = () => {
      clock += 1_001
      return clock
    }
    server = await startApi({ db: database().db, temporal, verifierId: id, elapsed })
  })
  after(async () => {
    await server?.close()
    await temporal.connection.close()
  })
  const get = async <T>(path: string): Promise<T> => {
    const res = await fetch(`${server.url}/v1/network/${path}`)
    const text = await res.text()
    assert.equal(res.status, 200, text)
    return JSON.parse(text) as T
  }
  const status = async (path: string) => {
    const res = await fetch(`${server.url}/v1/network/${path}`)
    return [res.status, ((await res.json()) as Problem).code]
  }

  it('says which classes the verifier can judge, as it signed them', async () => {
    const summary = async () => (await fetch(`${server.url}/v1/network`)).json()
    assert.equal(((await summary()) as { classes: unknown }).classes, null)
    const published = {
      body: {
        ...{ genesis_hash: 'ab'.repeat(32), ...id, interval: 1, model: 'm', model_root: 'cd' },
        classes: [{ determinism_class: 'fc2;test', exact: true, us_per_work: 7 }],
      },
      signature: '0x00',
    }
    await putPublishedClasses(database().db, id, published)
    assert.deepEqual(((await summary()) as { classes: unknown }).classes, published)
  })

  it('makes four answers at once, whoever asks, and sends away who comes after 256 that wait', async () => {
    const { db } = database()
    let held = 0
    let release: () => void = () => {}
    const released = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow: Database = {
      ...db,
      query: async (sql, parameters) => {
        held += 1
        await released
        return db.query(sql, parameters)
      },
    }
    const busy = await startApi({ db: slow, temporal, verifierId: id })
    try {
      let sentAway = 0
      let enough: () => void = () => {}
      const twelve = new Promise<void>((resolve) => {
        enough = resolve
      })
      const answers = Array.from({ length: 4 + 256 + 12 }, async (_, n) => {
        const path = `intervals/${1_000 + n}${n % 2 === 0 ? '' : '/record'}`
        const res = await fetch(`${busy.url}/v1/network/${path}`)
        if (res.status !== 503) return res.status
        assert.equal(res.headers.get('retry-after'), '1')
        assert.equal(((await res.json()) as Problem).code, 'overloaded')
        sentAway += 1
        if (sentAway === 12) enough()
        return 503
      })
      await twelve
      assert.equal(held, 4)
      release()
      const found = await Promise.all(answers)
      assert.equal(found.filter((each) => each === 404).length, 4 + 256)
    } finally {
      release()
      await busy.close()
    }
  })

  it('is empty, not broken, before the first interval', async () => {
    const provers = await get<{ data: unknown[]; netuid: number }>('provers')
    assert.deepEqual([provers.data, provers.netuid], [[], id.netuid])
    const tiers = await get<{ data: { tier: string }[]; profile: null }>('tiers')
    assert.deepEqual(
      tiers.data.map(({ tier }) => tier),
      ['challenger', 'grandmaster', 'gold', 'silver', 'bronze'],
    )
    assert.equal(tiers.profile, null)
    assert.deepEqual((await get<{ data: unknown[] }>('intervals')).data, [])
  })

  it('keeps an open interval’s plan and verdicts to itself', async () => {
    const { db } = database()
    await openInterval(db, id, 1)
    const challenge = attempt(1, { n: 1 })
    const { requestId, hotkey, registeredBlock } = challenge
    await insertVerdicts(db, id, 1, [
      {
        requestId,
        hotkey,
        registeredBlock,
        kind: 'challenge',
        verdict: 'pass',
        reason: 'hash_equal',
        rewardPpm: 1_000_000,
        detail: null,
      },
    ])
    const interval = await get<Record<string, unknown>>('intervals/1')
    assert.equal(interval.phase, 'open')
    assert.deepEqual([interval.plan, interval.verdicts], [null, null])
    const [line] = (await get<{ data: Record<string, unknown>[] }>('intervals')).data
    const { checks, passes, cheats, fails } = line!
    assert.deepEqual([checks, passes, cheats, fails], [null, null, null, null])
    const { data } = await get<{ data: { last_verdicts: unknown[] }[] }>('provers')
    assert.deepEqual(
      data.map(({ last_verdicts }) => last_verdicts),
      [[], []],
    )
  })

  it('serves what the verifier committed to, and never the secret', async () => {
    const { db } = database()
    const committed = (n: number) => ({
      secret: Buffer.alloc(32, 0xa5),
      commitmentSha256: String(n).repeat(64),
      commitmentSignature: `0x${String(n).repeat(128)}`,
    })
    await putSecret(db, id, 1, committed(1))
    await putSecret(db, id, 2, committed(2))
    const shown = (n: number) => ({
      interval: n,
      secret_sha256: String(n).repeat(64),
      signature: `0x${String(n).repeat(128)}`,
    })
    const one = await get<{ commitment: unknown }>('intervals/1')
    assert.deepEqual(one.commitment, shown(1))
    const list = await get<{ data: { commitment: unknown }[]; newest_commitment: unknown }>(
      'intervals',
    )
    assert.deepEqual(list.data[0]!.commitment, shown(1))
    assert.deepEqual(list.newest_commitment, shown(2), 'of the interval that is not open yet')
    for (const secret of ['a5a5', committed(1).secret.toString('base64').slice(0, 20)]) {
      assert.ok(!JSON.stringify([one, list]).includes(secret))
    }
  })

  it('tells everything of a settled one', async () => {
    const { db } = database()
    await db.tx(async (tx) => {
      await writeSettlement(tx, id, 1, resultFor(1))
      await decideWeights(tx, id, 1, NO_WEIGHTS)
    })
    const interval = await get<{
      phase: string
      plan: unknown[]
      verdicts: { verdict: string; reason: string; reason_text: string }[]
      moves: { from_tier: string; to_tier: string; reason: string }[]
      scores: { request_success_rate: string; score_after_ppm: number }[]
      record: { hash: string }
      profile: string
    }>('intervals/1')
    assert.equal(interval.phase, 'settled')
    assert.equal(interval.profile, 'test')
    assert.deepEqual(interval.plan, [])
    assert.equal(interval.verdicts[0]?.reason, 'hash_equal')
    assert.ok(interval.verdicts[0]?.reason_text)
    assert.equal(interval.moves[0]?.to_tier, 'silver')
    assert.equal(interval.scores[0]?.request_success_rate, '66.67 %')
    assert.equal(interval.record.hash, recordFor(1).hash)
    assert.ok(!JSON.stringify(interval).includes('red ball'), 'no prompts')

    const { data: provers } = await get<{ data: Record<string, unknown>[] }>('provers')
    assert.equal(provers.length, 2)
    assert.equal(provers[0]?.tier, 'silver')
    assert.equal(provers[0]?.score_ppm, 22_500)
    assert.equal((provers[0]!.last_verdicts as unknown[]).length, 1)
    const { data: tiers, profile } = await get<{
      data: { tier: string; provers: number; requirements: Record<string, unknown> }[]
      profile: string
    }>('tiers')
    assert.equal(profile, 'test')
    const silver = tiers.find(({ tier }) => tier === 'silver')
    assert.equal(silver?.provers, 1)
    assert.deepEqual(silver?.requirements, {
      request_success_rate_minimum: '94.9 %',
      validation_success_rate_minimum: '94.9 %',
      total_successes_minimum: 3,
      passed_validations_since_last_move_minimum: 3,
    })
  })

  it('lists intervals newest first, page by page', async () => {
    const { db } = database()
    await openInterval(db, id, 2)
    await openInterval(db, id, 3)
    interface Page {
      data: { n: number; first_block: number; last_block: number }[]
      has_more: boolean
    }
    const first = await get<Page>('intervals?limit=2')
    assert.deepEqual(
      first.data.map(({ n }) => n),
      [3, 2],
    )
    assert.equal(first.has_more, true)
    const rest = await get<Page>('intervals?limit=2&before=2')
    assert.deepEqual(
      rest.data.map(({ n, first_block, last_block }) => [n, first_block, last_block]),
      [[1, 1000, 1019]],
    )
    assert.equal(rest.has_more, false)
  })

  it('shows checks page by page, and no verdicts on users’ answers', async () => {
    const { db } = database()
    const { hotkey, registeredBlock } = attempt(1, { n: 2 })
    const row = { hotkey, registeredBlock, rewardPpm: null, detail: null } as const
    const checks = Array.from({ length: 250 }, () => ({
      ...row,
      requestId: uuid(),
      kind: 'challenge' as const,
      verdict: 'pass' as const,
      reason: 'hash_equal' as const,
    }))
    const answers = checks.map((check) => ({
      ...check,
      kind: 'answer' as const,
      verdict: 'fail' as const,
      reason: 'late' as const,
    }))
    await insertVerdicts(db, id, 2, [...checks, ...answers])
    await db.tx(async (tx) => {
      await writeSettlement(tx, id, 2, resultFor(2))
      await decideWeights(tx, id, 2, NO_WEIGHTS)
    })
    interface Page {
      verdicts: { request_id: string; kind: string }[]
      verdicts_next: string | null
    }
    const first = await get<Page>('intervals/2')
    assert.equal(first.verdicts.length, 200)
    const second = await get<Page>(`intervals/2?verdicts_after=${first.verdicts_next}`)
    assert.equal(second.verdicts_next, null)
    const all = [...first.verdicts, ...second.verdicts]
    assert.deepEqual(
      all.map(({ request_id, kind }) => [request_id, kind]),
      checks.map(({ requestId }) => [requestId, 'challenge']),
    )
    const bad = 'intervals/2?verdicts_after=x'
    assert.deepEqual(await status(bad), [400, 'invalid_request'])
  })

  it('refuses what it does not know', async () => {
    for (const n of ['0', '9', '-1', '1.5', 'x', '99999999999999999999']) {
      assert.deepEqual(await status(`intervals/${n}`), [404, 'interval_not_found'], n)
    }
    for (const query of ['limit=0', 'limit=101', 'limit=x', 'before=-1', 'limit=1&limit=2']) {
      assert.deepEqual(await status(`intervals?${query}`), [400, 'invalid_request'], query)
    }
    assert.deepEqual(await status('intervals?page=2'), [400, 'unknown_field'])
    assert.deepEqual(await status('nothing'), [404, 'not_found'])
  })
})
