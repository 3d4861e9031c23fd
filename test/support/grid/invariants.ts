import assert from 'node:assert/strict'
import { Client, Connection } from '@temporalio/client'
import { loadHotkey } from '../../../chain/wallet/wallet.js'
import { intervalByN } from '../../../ledger/intervals/intervals.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { intervalLoopId, intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import { NETUID, type TestGrid } from './test-grid.js'
import { assertWhole } from './whole.js'

interface AboutIntervals {
  /** Whether a prover was away at some moment between two, and may have failed for that reason. */
  readonly wasAway?: (prover: string, from: Date, to: Date) => boolean
  /** The first that is looked at. */
  readonly from?: number
}

/**
 * Postgres: every interval ends, what settled is whole and signed, and nobody honest was blamed.
 * @returns how many settled, of how many
 */
export async function assertIntervals(
  site: TestGrid,
  { wasAway = () => false, from = 1 }: AboutIntervals = {},
): Promise<{ settled: number; last: number }> {
  const { db, id, grid } = site
  const last = await site.allEnded()
  let settled = 0
  for (let n = from; n <= last; n += 1) {
    if ((await intervalByN(db, id, n))!.phase !== 'settled') continue
    settled += 1
    await site.patient(`the record of interval ${n}`, async () => {
      const rows = await db.query('SELECT 1 FROM records WHERE n = $1 AND signature IS NOT NULL', [
        n,
      ])
      return rows.length > 0
    })
    await assertWhole(db, id, n, { network: 'local', endpoint: grid.chainEndpoint })
    for (const row of await verdictsOf(db, id, n)) {
      const { name } = grid.wallets.find((wallet) => wallet.hotkey === row.hotkey)!
      if (!site.honest.includes(name)) continue
      if (row.verdict !== 'cheat' && row.verdict !== 'fail') continue
      const [attempt] = await db.query<{ askedAt: Date }>(
        'SELECT kind, outcome, reason, message, asked_at, completed_at FROM attempts WHERE request_id = $1',
        [row.requestId],
      )
      const mayFail = wasAway(name, attempt?.askedAt ?? row.decidedAt, row.decidedAt)
      if (row.verdict === 'cheat' || !mayFail) {
        assert.fail(`interval ${n} blames ${name}: ${JSON.stringify({ ...row, attempt })}`)
      }
    }
  }
  console.warn(`      ${settled} of ${last - from + 1} intervals settled`)
  return { settled, last }
}

/** Postgres: in an interval that begins from now on, each of the honest provers passes. */
export async function assertAllPassAgain(site: TestGrid): Promise<void> {
  const { db, id, honest, grid } = site
  const hotkeys = honest.map((who) => grid.wallets.find(({ name }) => name === who)!.hotkey)
  const before = await site.newest()
  await site.patient('an interval in which every prover passes', async () => {
    const last = await site.newest()
    for (let n = before + 1; n <= last; n += 1) {
      const passes = (await verdictsOf(db, id, n)).filter(({ verdict }) => verdict === 'pass')
      if (hotkeys.every((hotkey) => passes.some((row) => row.hotkey === hotkey))) return true
    }
    return false
  })
}

/** Postgres: no request of the user was lost, and each was delivered once. The API: what was completed can be had. */
export async function assertVideos({ user, db }: TestGrid): Promise<void> {
  const ids = await Promise.all(user.videos)
  for (const one of ids) {
    await user.assertCompleted(one)
    await user.assertHad(one)
  }
  assert.equal(new Set(ids).size, ids.length, 'two requests got one video')
  const jobs = await db.query('SELECT 1 FROM jobs')
  assert.equal(jobs.length, ids.length, 'a retried request made one video')
  const rows = await db.query<{ successes: number }>(
    `SELECT count(*) FILTER (WHERE outcome = 'success')::integer AS successes FROM attempts
     WHERE inference_id IS NOT NULL GROUP BY inference_id`,
  )
  assert.deepEqual(
    rows.map(({ successes }) => successes),
    ids.map(() => 1),
  )
}

/** A client of the grid's Temporal for as long as `use` takes. */
export async function withTemporal<T>(
  { grid }: TestGrid,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const connection = await Connection.connect({ address: grid.temporalAddress })
  try {
    return await use(new Client({ connection }))
  } finally {
    await connection.close()
  }
}

/**
 * Temporal: no workflow failed, that of each interval is over, and one loop runs.
 * @param from the first interval that this Temporal has seen
 */
export async function assertWorkflows(site: TestGrid, from = 1): Promise<void> {
  const { db, id } = site
  const last = await site.allEnded()
  await withTemporal(site, async ({ workflow }) => {
    const statusOf = async (workflowId: string) =>
      (await workflow.getHandle(workflowId).describe()).status.name
    assert.equal(await statusOf(intervalLoopId(NETUID, id.verifier)), 'RUNNING')
    for (let n = from; n <= last; n += 1) {
      // Of one that was missed there is none.
      if ((await intervalByN(db, id, n))!.phase === 'missed') continue
      const status = await site.patient(`the workflow of interval ${n} to end`, async () => {
        const name = await statusOf(intervalWorkflowId(NETUID, id.verifier, n))
        return name !== 'RUNNING' && name
      })
      assert.equal(status, 'COMPLETED', `interval ${n}`)
    }
    const failed: string[] = []
    const query = "ExecutionStatus = 'Failed' OR ExecutionStatus = 'TimedOut'"
    for await (const { workflowId } of workflow.list({ query })) failed.push(workflowId)
    assert.deepEqual(failed, [])
  })
}

/** What the chain has counted of the verifier: all that it ever signed and sent, and that came into a block. */
export async function extrinsicsOnChain({ chain, state }: TestGrid): Promise<number> {
  const signer = await loadHotkey({ path: state.wallets, name: 'verifier', hotkey: 'default' })
  const weights = { netuid: NETUID, uids: [], values: [], versionKey: 0 }
  const { nonce } = await chain.prepareWeights({
    ...{ step: 'set' as const, ...weights },
    ...{ signer, eraBlocks: 4 },
  })
  return nonce
}

/** The chain: it holds of the verifier what the ledger knows, and no more. */
export async function assertChain(site: TestGrid): Promise<void> {
  const held = await site.patient('the ledger to know all that the chain holds', async () => {
    const rows = await site.db.query(
      'SELECT 1 FROM weight_extrinsics WHERE included_block IS NOT NULL',
    )
    return (await extrinsicsOnChain(site)) === rows.length && rows.length
  })
  console.warn(`      ${held} extrinsics`)
  assert.ok(held > 0)
}
