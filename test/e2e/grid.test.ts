import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { findTemporalCli } from '../../dev/temporal/cli.mjs'
import { verdictsOf } from '../../ledger/judging/verdicts.js'
import { intervalWorkflowId } from '../../temporal/workflow-ids.js'
import { runCli } from '../cli/run-cli.js'
import { Absences } from '../support/grid/absences.js'
import {
  assertAllPassAgain,
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
  withTemporal,
} from '../support/grid/invariants.js'
import { killAtRandom } from '../support/grid/random-deaths.js'
import { NETUID, PROVERS, useTestGrid } from '../support/grid/test-grid.js'
import { PROMPT } from '../support/grid/test-user.js'
import { hasPython, pythonAudit } from '../support/records/python-audit.js'

/** After which an interval gives the ledger up; deaths are shorter. */
const PATIENCE_S = 20
const VILLAIN = 'villain-1'
const SEED = Number(process.env.FRACTAL_TEST_SEED ?? Date.now() % 1_000_000)
const DEATHS = 20
/** Closer together than in test/soak/local/random-deaths.test.ts, so that 20 take a minute. */
const RATES = { beforeMs: 1500, awayMs: 700, togetherIn: 1, most: 3 }

describe('a whole grid, with its parts killed and gone', function () {
  this.timeout(480_000)
  const site = useTestGrid({
    blocks: 16,
    provers: [...PROVERS.map((name) => ({ name })), { name: VILLAIN, villain: 'ignores-seed' }],
    verifierOptions: { 'ledger.patience': PATIENCE_S },
    postgresSettings: { fsync: 'off', full_page_writes: 'off' },
  })
  const away = new Absences()

  it('settles an interval: the villain is caught, weights are set, a user gets a video', async () => {
    const { db, id, grid, user } = site()
    await site().nextInRounds()
    const video = await user.ask('the first')
    await user.assertCompleted(video)
    await user.assertHad(video)
    const villain = grid.wallets.find(({ name }) => name === VILLAIN)!.hotkey
    // By a challenge, or by a spot check of what a wide round or a user asked.
    const { n } = await site().patient('the villain to be caught', async () => {
      const caught = await db.query<{ n: number }>(
        "SELECT n FROM verdicts WHERE hotkey = $1 AND verdict = 'cheat' ORDER BY n LIMIT 1",
        [villain],
      )
      return caught[0] ?? null
    })
    // From here on it is a prover that is gone.
    await site().kill(VILLAIN)
    assert.equal(await site().ended(n), 'settled')
    const verdicts = await verdictsOf(db, id, n)
    assert.ok(verdicts.some((row) => row.hotkey === villain && row.verdict === 'cheat'))
    for (const row of verdicts.filter(({ hotkey }) => hotkey !== villain)) {
      const what = `${row.kind} of ${row.hotkey}: ${row.verdict}, ${row.reason}`
      // On a busy machine the GPU worker may not get to all of it.
      assert.ok(row.verdict === 'pass' || row.reason === 'no_time', what)
    }
  })

  // 200 of them, and outages of a minute: test/soak/local. With weights that are committed and revealed, between each
  // two steps: test/soak/local/killed-verifier.test.ts.
  it(`kill -9 of processes, stores and chain: ${DEATHS} deaths at random`, async () => {
    console.warn(`      the same deaths again: FRACTAL_TEST_SEED=${SEED}`)
    await killAtRandom(site(), { seed: SEED, count: DEATHS, rates: RATES, away })
    await assertAllPassAgain(site())
  })

  it('every interval ended, what settled is whole, and nobody honest was blamed', async () => {
    const { settled } = await assertIntervals(site(), { wasAway: away.wasAway })
    assert.ok(settled > 0)
  })

  it('no workflow failed, each interval’s is over, and one loop runs', () =>
    assertWorkflows(site()))

  it('an interval that failed comes to success by the operator’s reset', async () => {
    const { id, grid } = site()
    const { n } = await site().nextInRounds()
    const workflowId = intervalWorkflowId(NETUID, id.verifier, n)
    await withTemporal(site(), async ({ workflow }) => {
      await site().kill('postgres')
      await site().patient('the interval to fail', async () => {
        const { status } = await workflow.getHandle(workflowId).describe()
        return status.name === 'FAILED'
      })
      await assert.rejects(workflow.getHandle(workflowId).result(), (error: Error) => {
        assert.match(String((error.cause as Error).message), /To do: bring PostgreSQL back/)
        return true
      })
      await site().start('postgres')
      // The outage may have failed its neighbours too; each waits for those before it.
      const failed = await site().patient('the list of failed intervals', async () => {
        const ids: string[] = []
        const query = "WorkflowType = 'verifyInterval' AND ExecutionStatus = 'Failed'"
        for await (const { workflowId } of workflow.list({ query })) ids.push(workflowId)
        return ids.includes(workflowId) ? ids : null
      })
      const { cli } = await findTemporalCli()
      for (const one of failed) {
        await promisify(execFile)(cli!.path, [
          ...['workflow', 'reset', '--address', grid.temporalAddress, '--workflow-id', one],
          ...['--type', 'FirstWorkflowTask', '--reason', 'Postgres is back'],
        ])
      }
    })
    assert.equal(await site().ended(n), 'settled')
    await assertIntervals(site(), { wasAway: away.wasAway, from: n })
  })

  it('has records from which each interval can be computed again, here and in Python', async () => {
    const { grid, user, state } = site()
    // The newest is not public before a later one has settled.
    const numbers = await site().patient('records that everybody may read', async () => {
      const { data } = JSON.parse(await user.text('/v1/network/records?limit=1000')) as {
        data: { n: number; public: boolean }[]
      }
      const found = data.filter((row) => row.public).map(({ n }) => n)
      return found.length > 0 && found.reverse()
    })
    const files = await Promise.all(
      numbers.map(async (n) => {
        const file = path.join(state.root, `record-${n}.json`)
        await writeFile(file, await user.text(`/v1/network/intervals/${n}/record`))
        return file
      }),
    )
    const onChain = [
      '--subtensor.network',
      'local',
      '--subtensor.chain_endpoint',
      grid.chainEndpoint,
    ]
    const audited = await runCli(['audit', ...files, ...onChain, '--all-signatures'])
    assert.equal(audited.code, 0, `${audited.stdout}\n${audited.stderr}`)
    if (!hasPython()) return
    const { code, stdout, stderr } = pythonAudit(files)
    assert.equal(code, 0, `${stdout}\n${stderr}`)
  })

  it('keeps prompts and keys out of logs and histories', async () => {
    const { db, grid, state, user } = site()
    const secrets = [PROMPT, user.key, new URL(grid.databaseUrl).password]
    const bodies = await db.query<{ body: Buffer }>('SELECT body FROM plan_items')
    for (const { body } of bodies) secrets.push(JSON.parse(body.toString()).query)
    for (const { name } of grid.wallets) {
      const file = path.join(state.wallets, name, 'hotkeys', 'default')
      secrets.push(JSON.parse(await readFile(file, 'utf8')).secretSeed.slice(2))
    }
    for (const file of await readdir(state.logs)) {
      const text = await readFile(path.join(state.logs, file), 'utf8')
      for (const secret of secrets) assert.ok(!text.includes(secret), `${file} holds a secret`)
    }
    // Temporal's own database holds every history.
    const histories = await readFile(state.temporalDb)
    const written = Buffer.concat([
      histories,
      await readFile(`${state.temporalDb}-wal`).catch(() => Buffer.alloc(0)),
    ])
    for (const secret of secrets) {
      assert.ok(!written.includes(secret), 'a history holds a secret')
      const base64 = Buffer.from(secret).toString('base64').replaceAll('=', '').slice(0, -2)
      assert.ok(!written.includes(base64), 'a history holds a secret')
    }
  })

  it('set weights in all intervals but those in which nobody had earned any', async () => {
    const rows = await site().db.query<{ confirmed: number }>(
      "SELECT count(*)::integer AS confirmed FROM weight_sets WHERE state = 'confirmed'",
    )
    assert.ok(rows[0]!.confirmed >= 2, `${rows[0]!.confirmed} intervals set weights`)
  })

  it('the chain holds of the verifier what the ledger knows, and no more', () =>
    assertChain(site()))

  it('lost no request of a user, and delivered each once', () => assertVideos(site()))
})
