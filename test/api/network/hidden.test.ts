import assert from 'node:assert/strict'
import type { Database } from '../../../ledger/database.js'
import { signRecord } from '../../../ledger/intervals/records.js'
import type { NewWeightSet } from '../../../ledger/intervals/weights.js'
import { newVerifier } from '../../ledger/fixtures.js'
import { useDatabase } from '../../support/postgres.js'
import { awayTemporal, startApi, type TestApi } from '../server.js'
import { livedInterval, scenic, settled } from './scene.js'

const VECTOR: NewWeightSet = {
  kind: 'weights',
  uids: [1, 2],
  values: [65_535, 31_337],
  input: { scores: [], neurons: [], ownUid: null, standingCheats: [] },
  reason: null,
}

/** What an interval's course may tell while its weights are hidden. */
const COURSE = [
  'phase',
  'settled_at',
  'closed_at',
  'outcome',
  'hidden_because',
  'hidden_because_text',
  'weights',
  'record',
  'record_hash',
]

type Answers = Record<string, unknown>

describe('before an interval’s weights are in the open', () => {
  const database = useDatabase()
  const temporal = awayTemporal()
  const id = newVerifier()
  const [good, weak] = [scenic(1), scenic(2)]
  let clock = performance.now()
  let server: TestApi
  before(async () => {
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

  /** The paths of all that anybody may read of the network, by the API's own document. */
  async function paths(): Promise<string[]> {
    const document = (await (await fetch(`${server.url}/openapi.json`)).json()) as {
      paths: Record<string, { get?: { tags: string[] } }>
    }
    return Object.entries(document.paths)
      .filter(([, { get }]) => get?.tags.includes('Network'))
      .flatMap(([path]) => {
        if (path.includes('{sha256}')) return []
        return [good, weak].flatMap(({ hotkey }) =>
          [1, 2].map((n) => path.replace('{n}', String(n)).replace('{hotkey}', hotkey)),
        )
      })
      .filter((path, i, all) => all.indexOf(path) === i)
  }

  async function answers(): Promise<Answers> {
    const told: Answers = {}
    for (const path of await paths()) {
      told[path] = await (await fetch(server.url + path)).json()
    }
    return told
  }

  /** The same without what the course of interval 2 alone tells. */
  const judgements = (told: Answers): Answers => {
    const copy = JSON.parse(JSON.stringify(told)) as Record<string, Record<string, unknown>>
    const lines = copy['/v1/network/intervals']!.data as Record<string, unknown>[]
    for (const of of [copy['/v1/network/intervals/2']!, lines.find(({ n }) => n === 2)!]) {
      for (const name of COURSE) delete of[name]
    }
    delete copy['/v1/network']!.last_settled
    delete (copy['/v1/network']!.interval as Record<string, unknown>).phase
    const records = copy['/v1/network/records']!.data as { n: number }[]
    copy['/v1/network/records']!.data = records.filter(({ n }) => n !== 2)
    // They say why there is none.
    delete copy['/v1/network/intervals/2/record']
    // Until when it is left alone: by the clock.
    for (const { hotkey } of [good, weak]) delete copy[`/v1/network/provers/${hotkey}`]!.breaker
    return copy
  }

  const stand = (db: Database, state: string) =>
    db.execute(
      'UPDATE weight_sets SET state = $3, included_block = 9 WHERE netuid = $1 AND verifier = $2 AND n = 2',
      [id.netuid, id.verifier, state],
    )

  it('nothing of what it found is told anywhere, and all of it afterwards', async () => {
    const { db } = database()
    await livedInterval(db, id, 1, [
      { of: good, passes: 4, served: 4 },
      { of: weak, passes: 4, served: 4 },
    ])
    await settled(db, id, 1)
    await livedInterval(db, id, 2, [
      { of: good, passes: 5, served: 3 },
      { of: weak, cheats: 1, fails: 1, served: 1, late: 2 },
    ])
    const running = await answers()
    await settled(db, id, 2, { weights: VECTOR })
    await signRecord(db, id, 2, '0x00')
    for (const state of ['decided', 'sent', 'committed', 'revealing']) {
      await stand(db, state)
      const hidden = await answers()
      assert.deepEqual(judgements(hidden), judgements(running), state)
      assert.ok(!JSON.stringify(hidden).includes('31337'), 'the vector')
      const two = hidden['/v1/network/intervals/2'] as Record<string, unknown>
      assert.equal(two.hidden_because, 'weights_to_come')
      assert.match(String(two.hidden_because_text), /weights are not in the open/)
      assert.deepEqual((two.weights as Record<string, unknown>).uids, null)
    }
    await stand(db, 'included')
    const told = await answers()
    const two = told['/v1/network/intervals/2'] as Record<string, unknown[]>
    assert.deepEqual([two.scores!.length, two.hidden_because], [2, null])
    const of = (hotkey: string, all: Answers) =>
      all[`/v1/network/provers/${hotkey}`] as Record<string, unknown>
    assert.deepEqual(
      [of(weak.hotkey, running).tier, of(weak.hotkey, told).tier],
      ['silver', 'bronze'],
    )
    assert.notDeepEqual(of(weak.hotkey, told).cheats, of(weak.hotkey, running).cheats)
    assert.notDeepEqual(of(good.hotkey, told).score_ppm, of(good.hotkey, running).score_ppm)
    for (const path of ['/v1/network/tiers', '/v1/network/provers']) {
      assert.notDeepEqual(told[path], running[path], path)
    }
  })
})
