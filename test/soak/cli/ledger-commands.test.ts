import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { markMissed } from '../../../ledger/intervals/intervals.js'
import { signRecord } from '../../../ledger/intervals/records.js'
import { writeSettlement } from '../../../ledger/intervals/settlement.js'
import { decideWeights, type NewWeightSet } from '../../../ledger/intervals/weights.js'
import { VERIFIER_QUEUE } from '../../../temporal/task-queues.js'
import { intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import { type CliResult, runCli, startCli } from '../../cli/run-cli.js'
import { newVerifier, openInterval, resultFor } from '../../ledger/fixtures.js'
import { completeWorkflow, failWorkflow } from '../../support/end-workflow.js'
import { useDatabase } from '../../support/postgres.js'
import { useTemporal } from '../../support/temporal.js'

const WEIGHTS: NewWeightSet = {
  kind: 'weights',
  uids: [1],
  values: [65_535],
  input: null,
  reason: null,
}
const ALICE = '5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY'

describe('commands beside a running grid', function () {
  this.timeout(240_000)
  const database = useDatabase()
  const temporal = useTemporal()
  const id = newVerifier()
  let folder: string
  before(async () => {
    const { db, url } = database()
    await openInterval(db, id, 1)
    await db.tx((tx) => writeSettlement(tx, id, 1, resultFor(1)))
    await openInterval(db, id, 2)
    // Another verifier in the same database, so that it matters which one the demo names.
    await openInterval(db, newVerifier(), 1)
    folder = await mkdtemp(join(tmpdir(), 'fractal-beside-'))
    await mkdir(join(folder, '.fractal'))
    const run = {
      pid: process.pid,
      databaseUrl: url,
      temporalAddress: address(),
      apiUrl: 'http://127.0.0.1:1',
      chainEndpoint: 'http://127.0.0.1:1',
      walletPath: folder,
      walletName: 'verifier',
      ...id,
    }
    await writeFile(join(folder, '.fractal/run.json'), JSON.stringify(run))
  })
  after(() => rm(folder, { recursive: true, force: true }))
  const address = () => temporal().address
  // The folder is named: a demo that runs in this clone would come before the one in the cwd.
  const beside = (...args: string[]) =>
    runCli([...args, '--state.dir', '.fractal'], { cwd: folder })
  const json = ({ code, stdout, stderr }: CliResult) => {
    assert.equal(code, 0, stderr)
    return JSON.parse(stdout)
  }

  it('finds a demo’s stores by its file and lists what they hold', async () => {
    const [intervals, table, one, provers, prover] = await Promise.all([
      beside('interval', 'list', '--json'),
      beside('interval', 'list'),
      beside('interval', 'show', '1'),
      beside('prover', 'list'),
      beside('prover', 'show', '1', '--json'),
    ])
    assert.deepEqual(
      json(intervals).map(({ n, phase }: { n: number; phase: string }) => [n, phase]),
      [
        [2, 'open'],
        [1, 'settled'],
      ],
    )
    assert.match(table.stdout, /^1 +1000-1019 +settled/m)
    assert.match(one.stdout, /^move +uid 1: bronze to silver, promoted$/m)
    assert.match(provers.stdout, /^1 +prover-1 +silver/m)
    assert.equal(json(prover).moves[0].to_tier, 'silver')
  })

  it('says which ledger it can’t reach, or whose', async () => {
    const database18 = { env: { DATABASE_URL: database().url } }
    const [none, away, several, unknown, noKey] = await Promise.all([
      beside('prover', 'show', '99'),
      beside('interval', 'list', '--database.url', 'postgres://fractal:secret@127.0.0.1:1/x'),
      runCli(['interval', 'list', '--netuid', '18'], database18),
      runCli(['interval', 'list', '--netuid', '18', '--api.verifier', ALICE], database18),
      runCli(['interval', 'list', '--netuid', '18', '--api.verifier', `${ALICE}x`], database18),
    ])
    assert.equal(none.code, 1)
    assert.match(none.stderr, /There is no prover with the uid 99/)
    assert.equal(away.code, 1)
    assert.match(away.stderr, /Postgres is not available/)
    assert.ok(!away.stderr.includes('secret'))
    assert.equal(several.code, 1)
    assert.match(several.stderr, /The ledger has 2 verifiers of subnet 18/)
    assert.equal(unknown.code, 0, 'it may be about to start')
    assert.match(
      unknown.stderr,
      /^fractal: the ledger does not know the verifier 5Grw.* of subnet 18/,
    )
    assert.equal(noKey.code, 2)
    assert.match(noKey.stderr, /^fractal: --api\.verifier: "5Grw.*x" can't be used\n.*\n$/)
  })

  it('retries an interval whose workflow failed, from its first task', async () => {
    const workflowId = intervalWorkflowId(id.netuid, id.verifier, 2)
    const taskQueue = `${VERIFIER_QUEUE}-of-this-test`
    const { client } = temporal()
    const missing = await beside('interval', 'retry', '2')
    assert.equal(missing.code, 1)
    assert.match(missing.stderr, /Temporal has no workflow of interval 2/)

    const handle = await client.workflow.start('verifyInterval', { workflowId, taskQueue })
    const running = await beside('interval', 'retry', '2')
    assert.equal(running.code, 1)
    assert.match(running.stderr, /Interval 2 is still running/)

    const away = ['--temporal.address', '127.0.0.1:1']
    const [plain, encrypted] = await Promise.all([
      beside('interval', 'retry', '2', ...away),
      beside('interval', 'retry', '2', ...away, '--temporal.tls'),
    ])
    assert.match(plain.stderr, /If it requires TLS, add --temporal\.tls/)
    assert.match(encrypted.stderr, /If not, omit --temporal\.tls/)

    await failWorkflow(client, taskQueue)
    await assert.rejects(handle.result())

    const { run_id: runId } = json(await beside('interval', 'retry', '2', '--json'))
    assert.notEqual(runId, handle.firstExecutionRunId)
    const described = await client.workflow.getHandle(workflowId).describe()
    assert.deepEqual([described.runId, described.status.name], [runId, 'RUNNING'])
  })

  it('restarts a settled interval while something is left to do, and then only by force', async () => {
    const { db } = database()
    const workflowId = intervalWorkflowId(id.netuid, id.verifier, 1)
    const taskQueue = `${VERIFIER_QUEUE}-of-settled`
    const { client } = temporal()
    const run = async () => {
      const { runId, status } = await client.workflow.getHandle(workflowId).describe()
      return { runId, status: status.name }
    }
    const retry = (...more: string[]) => beside('interval', 'retry', '1', '--json', ...more)
    await client.workflow.start('verifyInterval', { workflowId, taskQueue })
    await completeWorkflow(client, taskQueue)

    const unsigned = json(await retry())
    assert.deepEqual(await run(), { runId: unsigned.run_id, status: 'RUNNING' })
    await completeWorkflow(client, taskQueue)
    await signRecord(db, id, 1, '00'.repeat(64))
    await db.tx((tx) => decideWeights(tx, id, 1, WEIGHTS))
    const unsent = json(await retry())
    assert.deepEqual(await run(), { runId: unsent.run_id, status: 'RUNNING' })

    await completeWorkflow(client, taskQueue)
    await db.execute("UPDATE weight_sets SET state = 'confirmed' WHERE n = 1 AND verifier = $1", [
      id.verifier,
    ])
    const before = await run()
    const done = await retry()
    assert.equal(done.code, 1)
    assert.match(done.stderr, /Interval 1 is settled, and nothing is left to do: its record is/)
    assert.match(done.stderr, /--force restarts its workflow anyway/)
    assert.deepEqual(await run(), before)

    const { run_id: runId } = json(await retry('--force'))
    assert.notEqual(runId, before.runId)
    assert.deepEqual(await run(), { runId, status: 'RUNNING' })
  })

  it('says of an interval that was missed why, and that there is nothing to retry', async () => {
    const third = { n: 3, firstBlock: 1040, length: 20 }
    await markMissed(database().db, id, third, 'chain_down')
    const [shown, listed, retried] = await Promise.all([
      beside('interval', 'show', '3'),
      beside('interval', 'list'),
      beside('interval', 'retry', '3'),
    ])
    assert.match(shown.stdout, /^missed +the chain could not be read/m)
    assert.match(listed.stdout, /^interval 3: missed, the chain could not be read$/m)
    assert.equal(retried.code, 1)
    assert.match(
      retried.stderr,
      /was missed \(the chain could not be read\): there is nothing to run/,
    )
  })

  it('serves the API until it is told to stop', async () => {
    const { child, result } = startCli(['api', '--api.port', '0', '--netuid', '18'], {
      env: {
        FRACTAL_DATABASE_URL: database().url,
        FRACTAL_TEMPORAL_ADDRESS: address(),
        FRACTAL_API_VERIFIER: id.verifier,
      },
    })
    const url = await new Promise<string>((resolve, reject) => {
      child.stdout!.on('data', (text: string) => {
        const found = /"url":"(http:[^"]+)"/.exec(text)
        if (found !== null) resolve(found[1]!)
      })
      result.then(({ stderr }) => reject(new Error(stderr)))
    })
    const ready = await fetch(`${url}/readyz`)
    assert.equal(ready.status, 200)
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await result
    // A healthy process writes nothing to the error log.
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /the API has stopped/)
  })

  it('says in one line that a port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as { port: number }
    try {
      const { code, stderr } = await runCli(['api', '--api.port', String(port), '--netuid', '18'], {
        env: { DATABASE_URL: database().url, FRACTAL_API_VERIFIER: id.verifier },
      })
      assert.equal(code, 1)
      assert.match(stderr, /Port \d+ is taken; the API wants it/)
      assert.ok(!/^\s+at /m.test(stderr), stderr)
    } finally {
      other.close()
    }
  })
})
