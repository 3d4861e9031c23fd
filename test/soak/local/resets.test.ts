import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { findTemporalCli } from '../../../dev/temporal/cli.mjs'
import { intervalLoopId, intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import {
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { NETUID, useTestGrid } from '../../support/grid/test-grid.js'

describe('`temporal workflow reset` at any time', function () {
  this.timeout(600_000)
  const site = useTestGrid()

  async function temporal(...args: string[]): Promise<void> {
    const { cli } = await findTemporalCli()
    await promisify(execFile)(cli!.path, [...args, '--address', site().grid.temporalAddress])
  }

  /** As docs/operating.md has it. */
  const reset = (n: number) =>
    temporal(
      ...['workflow', 'reset', '--type', 'FirstWorkflowTask', '--reason', 'a test'],
      ...['--workflow-id', intervalWorkflowId(NETUID, site().id.verifier, n)],
    )

  /** All that an interval that has ended leaves behind. */
  async function leftBy(n: number): Promise<unknown> {
    const { db } = site()
    const rows = (sql: string) => db.query(sql, [n])
    return {
      scores: await rows('SELECT * FROM scores WHERE n = $1 ORDER BY hotkey'),
      verdicts: await rows('SELECT * FROM verdicts WHERE n = $1 ORDER BY request_id, kind'),
      weights: await rows('SELECT * FROM weight_sets WHERE n = $1'),
      sent: await rows('SELECT * FROM weight_extrinsics WHERE n = $1 ORDER BY hash'),
      record: await rows('SELECT hash, signature FROM records WHERE n = $1'),
      attempts: await rows('SELECT * FROM attempts WHERE n = $1 ORDER BY request_id'),
    }
  }

  it('while it runs: asked, judged and paid once', async () => {
    void site().user.ask('before the reset')
    const { n } = await site().nextInRounds()
    await reset(n)
    void site().user.ask('after the reset')
    await reset(n)
    assert.equal(await site().ended(n), 'settled')
  })

  it('after it has settled, again and again, older ones last: nothing changes', async () => {
    const last = (await site().nextInRounds()).n - 1
    assert.equal(await site().ended(last), 'settled')
    const numbers = Array.from({ length: last }, (_, i) => last - i)
    // Until then, a record may not be signed yet.
    await assertWorkflows(site())
    const before = await Promise.all(numbers.map(leftBy))
    for (const n of numbers) await reset(n)
    await Promise.all(numbers.map(reset))
    // Each of them is over once more.
    await assertWorkflows(site())
    assert.deepEqual(await Promise.all(numbers.map(leftBy)), before)
  })

  it('out of order: the one that runs, the one before it, and the loop itself', async () => {
    const { n } = await site().nextInRounds()
    await reset(n)
    await reset(n - 1)
    await temporal(
      ...['workflow', 'reset', '--type', 'FirstWorkflowTask', '--reason', 'a test'],
      ...['--workflow-id', intervalLoopId(NETUID, site().id.verifier)],
    )
    void site().user.ask('after the loop')
    const next = await site().nextInRounds()
    assert.equal(next.n, n + 1)
    assert.equal(await site().ended(n), 'settled')
    assert.equal(await site().ended(next.n), 'settled')
  })

  it('every interval is whole, each video was delivered once, and the chain holds what the ledger knows', async () => {
    const { settled, last } = await assertIntervals(site())
    assert.ok(settled >= last - 1, `${settled} of ${last} intervals settled`)
    await assertVideos(site())
    await assertWorkflows(site())
    await assertChain(site())
  })
})
