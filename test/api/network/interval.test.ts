import assert from 'node:assert/strict'
import { Client, Connection } from '@temporalio/client'
import { intervalDetailSchema } from '../../../api/network/interval-schema.js'
import { signedRecordText } from '../../../formats/signed-record.js'
import { intervalByN, markMissed, setFailure } from '../../../ledger/intervals/intervals.js'
import type { PlanItemRow } from '../../../ledger/intervals/plans.js'
import { signRecord } from '../../../ledger/intervals/records.js'
import { decideWeights } from '../../../ledger/intervals/weights.js'
import { intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import { begunPlan, LENGTH, newVerifier, uuid } from '../../ledger/fixtures.js'
import { failWorkflow } from '../../support/end-workflow.js'
import { useDatabase } from '../../support/postgres.js'
import { makeNamespace, useTemporal } from '../../support/temporal.js'
import { awayTemporal, type Problem, post, startApi, type TestApi } from '../server.js'
import { livedInterval, NO_WEIGHTS, sceneRecord, scenic, settled } from './scene.js'

const UI = 'http://127.0.0.1:8233'

describe('/v1/network/intervals/{n}', () => {
  const database = useDatabase()
  const temporal = useTemporal()
  const id = newVerifier()
  let clock = performance.now()
  const elapsed = () => {
    clock += 1_000
    return clock
  }
  let client: Client
  let server: TestApi
  before(async () => {
    const namespace = await makeNamespace(temporal())
    const connection = await Connection.connect({ address: temporal().address })
    client = new Client({ connection, namespace })
    const { db } = database()
    const deps = { db, temporal: client, verifierId: id, elapsed, temporalUi: `${UI}/` }
    server = await startApi(deps)
  })
  after(async () => {
    await server?.close()
    await client?.connection.close()
  })
  const show = async (n: number) => {
    const res = await fetch(`${server.url}/v1/network/intervals/${n}`)
    const text = await res.text()
    assert.equal(res.status, 200, text)
    return intervalDetailSchema.strict().parse(JSON.parse(text))
  }
  const problem = async (res: Response) => [res.status, ((await res.json()) as Problem).code]
  const item = (round: number, k: number, momentBlock: number): PlanItemRow => ({
    ...scenic(1),
    requestId: uuid(),
    round,
    k,
    momentBlock,
    deadlineMs: 30_000,
    cancelAfterMs: null,
    promptSha256: null,
    body: new TextEncoder().encode('{"query":"a red ball rolls"}'),
    bodySha256: 'ef'.repeat(32),
  })

  it('has a timeline of rounds once it is final, and links to Temporal all along', async () => {
    const { db } = database()
    await livedInterval(db, id, 1, [{ of: scenic(1), passes: 3 }])
    const items = [item(0, 0, 1003), item(0, 1, 1003), item(1, 0, 1008)]
    await begunPlan(db, id, 1, items)
    const running = await show(1)
    assert.deepEqual([running.rounds, running.plan, running.record], [null, null, null])
    const { namespace } = client.options
    const workflow = intervalWorkflowId(id.netuid, id.verifier, 1)
    assert.equal(running.temporal_url, `${UI}/namespaces/${namespace}/workflows/${workflow}`)
    await settled(db, id, 1, { weights: null })
    const hidden = await show(1)
    assert.deepEqual([hidden.phase, hidden.hidden_because], ['settled', 'weights_to_come'])
    assert.deepEqual([hidden.rounds, hidden.plan, hidden.verdicts], [null, null, null])
    assert.deepEqual([hidden.scores, hidden.moves], [[], []])
    assert.equal(hidden.record?.hash, sceneRecord(1).hash)
    await db.tx((tx) => decideWeights(tx, id, 1, NO_WEIGHTS))
    const final = await show(1)
    assert.equal(final.hidden_because, null)
    assert.deepEqual(final.rounds, [
      { round: 0, moment_block: 1003, requests: 2 },
      { round: 1, moment_block: 1008, requests: 1 },
    ])
    assert.equal(final.moves[0]?.reason_text.startsWith('promoted: '), true)
    assert.deepEqual([final.failed, final.retryable], [false, false])
  })

  it('is summed up, and told in words', async () => {
    const res = await fetch(`${server.url}/v1/network`)
    const { netuid, verifier } = id
    const { namespace } = client.options
    const summary = (await res.json()) as Record<string, unknown>
    assert.deepEqual(
      [summary.netuid, summary.verifier, summary.profile, summary.provers],
      [netuid, verifier, 'test', 1],
    )
    assert.deepEqual((summary.tiers as unknown[])[3], { tier: 'silver', provers: 1 })
    assert.equal(
      summary.temporal_ui,
      `${UI}/namespaces/${namespace}/workflows/interval-loop-${netuid}-${verifier}`,
    )
    const list = await fetch(`${server.url}/v1/network/intervals`)
    const { data } = (await list.json()) as { data: { outcome: string }[] }
    assert.deepEqual(
      data.map(({ outcome }) => outcome),
      ['settled: 3 of 3 checks passed, 0 cheats found, 1 move; no weights: nobody has a score'],
    )
  })

  it('publishes a record byte for byte, when its weights are out and a later one has settled', async () => {
    const { db } = database()
    const record = () => fetch(`${server.url}/v1/network/intervals/1/record`)
    assert.deepEqual(await problem(await record()), [409, 'record_not_public'])
    await signRecord(db, id, 1, '0x00')
    assert.deepEqual(await problem(await record()), [409, 'record_not_public'])
    assert.equal((await show(1)).record?.public, false)
    await livedInterval(db, id, 2, [{ of: scenic(1) }])
    await settled(db, id, 2, { weights: null })
    const res = await record()
    const published = { kind: 'none', sent_block: null, included_block: null }
    assert.equal(await res.text(), signedRecordText(sceneRecord(1).body, '0x00', published))
    assert.equal(res.headers.get('etag'), `"${sceneRecord(1).hash}"`)
    assert.equal(res.headers.get('access-control-allow-origin'), '*')
    assert.equal((await show(1)).record?.public, true)
    const third = { n: 3, firstBlock: 1000 + 2 * LENGTH, length: LENGTH }
    await markMissed(db, id, third, 'ledger_down')
    const missed = await fetch(`${server.url}/v1/network/intervals/3/record`)
    assert.deepEqual(await problem(missed), [404, 'record_not_found'])
  })

  it('lists the hashes of all records, newest first', async () => {
    const list = async (query = '') => {
      const res = await fetch(`${server.url}/v1/network/records${query}`)
      return (await res.json()) as { data: { n: number }[]; has_more: boolean }
    }
    const { data, has_more } = await list()
    assert.deepEqual(
      data.map(({ n }) => n),
      [2, 1],
    )
    assert.equal(has_more, false)
    const { hash, previousHash: previous_hash } = sceneRecord(1)
    const { signed_at: _, ...first } = data[1] as (typeof data)[1] & { signed_at: string }
    assert.deepEqual(first, {
      n: 1,
      hash,
      previous_hash,
      signature: '0x00',
      public: true,
      expired: false,
      weights: 'none',
      included_block: null,
    })
    const { data: newest, has_more: hasMore } = await list('?limit=1')
    assert.deepEqual([newest[0]!.n, hasMore], [2, true])
    assert.deepEqual((await list('?before=2')).data[0]!.n, 1)
  })

  it('says why it was missed, and shows nothing of it as done or to come', async () => {
    const found = await show(3)
    assert.deepEqual(
      [found.missed_because, found.missed_because_text],
      ['ledger_down', 'PostgreSQL was unavailable'],
    )
    assert.deepEqual(
      [found.rounds, found.weights, found.record, found.temporal_url, found.retryable],
      [null, null, null, null, false],
    )
    const list = await fetch(`${server.url}/v1/network/intervals?limit=10`)
    const { data } = (await list.json()) as { data: { n: number; outcome: string }[] }
    const line = data.find(({ n }) => n === 3)!
    assert.equal(line.outcome, 'missed: PostgreSQL was unavailable')
    const retried = await post(`${server.url}/v1/network/intervals/3/retry`, '')
    assert.deepEqual(await problem(retried), [409, 'nothing_to_retry'])
  })

  it('is retried by an admin when its workflow failed', async () => {
    const { db } = database()
    await livedInterval(db, id, 4, [{ of: scenic(1) }])
    const retry = (n: number, query = '') =>
      post(`${server.url}/v1/network/intervals/${n}/retry${query}`, '')
    assert.deepEqual(await problem(await retry(99)), [404, 'interval_not_found'])
    assert.deepEqual(await problem(await retry(4)), [409, 'nothing_to_retry'])
    const workflowId = intervalWorkflowId(id.netuid, id.verifier, 4)
    const taskQueue = 'verifier-by-hand'
    const handle = await client.workflow.start('verifyInterval', { workflowId, taskQueue })
    assert.deepEqual(await problem(await retry(4)), [409, 'interval_running'])
    await failWorkflow(client, taskQueue)
    await assert.rejects(handle.result())
    // As when the ledger is away: nobody could note why.
    const untold = await show(4)
    assert.deepEqual([untold.failed, untold.retryable], [true, true])
    assert.match(untold.failure!, /^its workflow has stopped/)
    await setFailure(db, id, 4, 'GpuUnavailable in audit')
    const failed = await show(4)
    assert.deepEqual([failed.failed, failed.retryable], [true, true])

    const res = await retry(4)
    const body = (await res.json()) as Record<string, unknown>
    assert.deepEqual([res.status, body.n, body.workflow_id], [200, 4, workflowId])
    const described = await client.workflow.getHandle(workflowId).describe()
    assert.deepEqual([described.runId, described.status.name], [body.run_id, 'RUNNING'])
    assert.equal((await intervalByN(db, id, 4))?.failure, null)
    // Nobody took its first task: there is no later point to come back from.
    assert.deepEqual(await problem(await retry(4, '?force=true')), [409, 'nothing_to_retry'])
    assert.deepEqual(await problem(await retry(4, '?force=maybe')), [400, 'invalid_request'])
  })

  it('says so when Temporal is away', async () => {
    const away = awayTemporal()
    const api = await startApi({ db: database().db, temporal: away, verifierId: id, elapsed })
    try {
      const res = await post(`${api.url}/v1/network/intervals/4/retry`, '')
      const text = await res.text()
      assert.equal(res.status, 503, text)
      assert.equal((JSON.parse(text) as Problem).code, 'temporal_unavailable')
      assert.ok(!text.includes('127.0.0.1:1'), 'the operator’s addresses stay his')
    } finally {
      await api.close()
      await away.connection.close()
    }
  })

  it('hides a record whose weights gave way to those of a later interval, until these are out', async () => {
    const { db } = database()
    const superseded = {
      kind: 'superseded',
      uids: [],
      values: [],
      input: null,
      reason: null,
    } as const
    await signRecord(db, id, 2, '0x00')
    await db.tx((tx) => decideWeights(tx, id, 2, superseded))
    await settled(db, id, 4, { weights: null })
    const second = () => fetch(`${server.url}/v1/network/intervals/2/record`)
    assert.deepEqual(await problem(await second()), [409, 'record_not_public'])
    await db.tx((tx) => decideWeights(tx, id, 4, NO_WEIGHTS))
    assert.equal((await second()).status, 200)
  })
})
