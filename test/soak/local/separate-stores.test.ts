import assert from 'node:assert/strict'
import { environmentName } from '../../../base/options/options.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { runCli } from '../../cli/run-cli.js'
import { assertVideos, extrinsicsOnChain } from '../../support/grid/invariants.js'
import { ROLES, TestGrid, useTestGrid } from '../../support/grid/test-grid.js'

const FAILURE = 'another_process_sets_weights in weights'
const INCLUDED = 'included_block IS NOT NULL'
const BLOCKS = 48

/** The lease is a row: where there are two ledgers, there are two. */
describe('two deployments with one hotkey, each with stores of its own', function () {
  this.timeout(900_000)
  let second: TestGrid | undefined
  // Before the chain that it uses ends.
  after(async function () {
    const tests = this.test?.parent?.tests ?? []
    await second?.stop({ keepLogs: tests.some(({ state }) => state !== 'passed') })
  })
  const first = useTestGrid({ blocks: BLOCKS })
  /** Whose weights the chain has. */
  let goesOn: TestGrid
  let stopped: TestGrid

  /** Intervals whose weights were not set because of another's. */
  const failed = ({ db }: TestGrid) =>
    db
      .query<{ n: number }>('SELECT n FROM intervals WHERE failure = $1 ORDER BY n', [FAILURE])
      .then((rows) => rows.map(({ n }) => n))

  it('one goes on, and the other says why it sets no weights', async () => {
    await first().nextInRounds()
    second = await TestGrid.make({ blocks: BLOCKS, beside: first() })
    await second.startAll()
    const both = [first(), second]
    stopped = await first().patient('one to be in the other’s way', async () => {
      for (const site of both) if ((await failed(site)).length > 0) return site
      return null
    })
    goesOn = both.find((site) => site !== stopped)!
    console.warn(`      the ${goesOn === first() ? 'older' : 'newer'} one goes on`)
    for (const site of both) void site.user.ask('while both judge')
    const { n } = await goesOn.nextInRounds()
    assert.equal(await goesOn.ended(n), 'settled')
    assert.deepEqual(await failed(goesOn), [])
    await assertVideos(first())
    await assertVideos(second)
  })

  it('no prover is called a cheat because two ask it', async () => {
    for (const site of [goesOn, stopped]) {
      const counts = new Map<string, number>()
      for (let n = 1; n <= (await site.newest()); n += 1) {
        for (const { verdict, reason } of await verdictsOf(site.db, site.id, n)) {
          assert.notEqual(verdict, 'cheat')
          const what = `${verdict}, ${reason}`
          counts.set(what, (counts.get(what) ?? 0) + 1)
        }
      }
      console.warn(`      ${JSON.stringify(Object.fromEntries(counts))}`)
    }
  })

  it('the other takes over as docs/operating.md says: stop it, restart this one, `interval retry`', async () => {
    await Promise.all(ROLES.map((role) => goesOn.grid.stopRole(role)))
    const { grid, id, db } = stopped
    await grid.stopRole('verifier')
    await stopped.start('verifier')
    const env = Object.fromEntries(
      Object.entries(grid.settings({ 'wallet.name': 'verifier' })).map(([name, value]) => [
        environmentName(name),
        String(value),
      ]),
    )
    for (const n of await failed(stopped)) {
      const { code, stderr } = await runCli(['interval', 'retry', String(n)], { env })
      assert.equal(code, 0, stderr)
      assert.equal(await stopped.ended(n), 'settled')
    }
    const { n } = await stopped.nextInRounds()
    assert.equal(await stopped.ended(n), 'settled')
    const [set] = await db.query('SELECT kind, state FROM weight_sets WHERE n = $1', [n])
    assert.deepEqual(set, { kind: 'weights', state: 'confirmed' }, id.verifier)
  })

  it('the chain holds of the hotkey what the two ledgers know, and no more', async () => {
    const count = ({ db }: TestGrid, which: string) =>
      db.query(`SELECT 1 FROM weight_extrinsics WHERE ${which}`).then((rows) => rows.length)
    // Of the last that it sent, the one that was stopped may not know what became of it.
    const unknown = await count(goesOn, 'result IS NULL')
    await stopped.patient('both to know all that the chain holds', async () => {
      const known = [await count(goesOn, INCLUDED), await count(stopped, INCLUDED)]
      const more = (await extrinsicsOnChain(first())) - known[0]! - known[1]!
      return 0 <= more && more <= unknown
    })
  })
})
