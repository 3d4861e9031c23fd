import assert from 'node:assert/strict'
import { createLog } from '../../../base/log.js'
import { type Database, openDatabase } from '../../../ledger/database.js'
import { jobsOf, newKey } from '../../api/auth/new-key.js'
import { type Problem, post, startApi, type TestApi } from '../../api/server.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { casesOf } from '../../support/hostile/cases.js'
import { Draw } from '../../support/hostile/draw.js'
import { useDatabase } from '../../support/postgres.js'
import { useTemporal } from '../../support/temporal.js'

const RACES = 50
const AT_ONCE = 60
/** Of a video of one step and one frame of 8 × 8. */
const COST = 64
const REFUSALS = [
  ...['idempotency_in_flight', 'idempotency_key_reused'],
  ...['rate_limited', 'too_many_videos', 'quota_exceeded'],
]

interface Asked {
  readonly name: string | null
  readonly prompt: string
  readonly seed: number | null
}

describe('races of requests for videos, over two APIs', function () {
  this.timeout(900_000)
  const database = useDatabase()
  const temporal = useTemporal()
  const cases = casesOf(RACES, Date.now() % 1_000_000)
  const pools: Database[] = []
  const servers: TestApi[] = []
  before(async () => {
    console.warn(`      the same races again: FRACTAL_TEST_SEED=${cases.seed}`)
    const verifierId = newVerifier()
    const log = createLog('test', 'silent')
    for (const applicationName of ['api-1', 'api-2']) {
      const db = openDatabase({ url: database().url, applicationName, max: 8, log })
      pools.push(db)
      servers.push(await startApi({ db, temporal: temporal().client, verifierId }))
    }
  })
  after(async () => {
    await Promise.all(servers.map((server) => server.close()))
    await Promise.all(pools.map((pool) => pool.close()))
  })

  it('make one video of a name or a seed, and never more than a limit allows', async () => {
    const { db } = database()
    for (let i = cases.from; i < cases.to; i++) {
      const draw = new Draw(cases.seed, i)
      const most = { videos: draw.int(1, 12), requests: draw.int(1, 12), cost: draw.int(1, 12) }
      const key = await newKey(db, {
        concurrentVideos: draw.chance(50) ? most.videos : 0,
        requestsPerMinute: draw.chance(50) ? most.requests : 0,
        dailyCost: draw.chance(50) ? most.cost * COST : 0,
      })
      const asked = Array.from(
        { length: AT_ONCE },
        (): Asked => ({
          name: draw.chance(60) ? `name ${draw.below(6)}`.replace(' ', '-') : null,
          prompt: draw.pick(['a', 'b']),
          seed: draw.chance(50) ? draw.below(4) : null,
        }),
      )
      const began = performance.now()
      const ids = await Promise.all(asked.map((one, j) => ask(j, key.secret, one)))
      const minutes = (performance.now() - began) / 60_000
      const again = `again: FRACTAL_TEST_SEED=${cases.seed} FRACTAL_TEST_CASE=${i}`
      const jobs = await jobsOf(db, key)
      assert.deepEqual(new Set(ids.filter((id) => id !== null)), new Set(jobs), again)
      assertOne(ids, asked, ({ name }) => name, again)
      const bySeed = ({ name, prompt, seed }: Asked) =>
        name === null && seed !== null ? `${seed} ${prompt}` : null
      assertOne(ids, asked, bySeed, again)
      const sql = `SELECT concurrent_videos, requests_per_minute, daily_cost, cost_used FROM api_keys WHERE id = $1`
      const [row] = await db.query<Record<string, number>>(sql, [key.id])
      const { concurrentVideos, requestsPerMinute, dailyCost, costUsed } = row!
      // A minute's requests come back one by one.
      const requests = requestsPerMinute! * (1 + Math.ceil(minutes * 60) / 60)
      for (const limit of [concurrentVideos!, Math.floor(requests), dailyCost! / COST]) {
        assert.ok(limit === 0 || jobs.length <= limit, `${jobs.length} of ${limit}, ${again}`)
      }
      assert.ok(dailyCost === 0 || costUsed === jobs.length * COST, again)
    }
  })

  /** @returns the id of the video; null for a refusal */
  async function ask(i: number, secret: string, { name, prompt, seed }: Asked) {
    const small = { steps: 1, num_frames: 1, size: '8x8' }
    const body = { prompt, ...small, ...(seed === null ? {} : { seed }) }
    const answer = await post(`${servers[i % 2]!.url}/v1/videos`, body, {
      Authorization: `Bearer ${secret}`,
      ...(name === null ? {} : { 'Idempotency-Key': name }),
    })
    const said = (await answer.json()) as { id: string } & Problem
    if (answer.status === 200) return said.id
    assert.ok(REFUSALS.includes(said.code), `${answer.status} ${said.code}`)
    return null
  }
})

/** Those that are one request have one video. */
function assertOne(
  ids: readonly (string | null)[],
  asked: readonly Asked[],
  of: (one: Asked) => string | null,
  message: string,
): void {
  const found = new Map<string, string>()
  for (const [i, one] of asked.entries()) {
    const [name, id] = [of(one), ids[i]]
    if (name === null || id == null) continue
    assert.equal(found.get(name) ?? id, id, `${name}, ${message}`)
    found.set(name, id)
  }
}
