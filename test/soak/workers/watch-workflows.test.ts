import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { Client } from '@temporalio/client'
import { freePort } from '../../../dev/process/ports.js'
import { intervalByN, openIntervalRow } from '../../../ledger/intervals/intervals.js'
import { putRecord, recordOf } from '../../../ledger/intervals/records.js'
import { getSecret } from '../../../ledger/intervals/secrets.js'
import { TEST_PROFILE } from '../../../rules/profile.js'
import { resetInterval } from '../../../temporal/reset-interval.js'
import { intervalNoKey, phaseKey } from '../../../temporal/search-attributes.js'
import { intervalLoopId, intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import { runVerifier, VERIFIER_OPTIONS } from '../../../workers/roles/verifier.js'
import { SILENT } from '../../chain/local-harness.js'
import { until } from '../../support/until.js'
import { useRoleSite } from '../../workers/role-site.js'

const GUIDE = fileURLToPath(new URL('../../../docs/operating.md', import.meta.url))

describe('what a verifier needs in Temporal', function () {
  this.timeout(240_000)
  const site = useRoleSite()
  let port: number
  let client: Client

  beforeEach(async () => {
    port = await freePort()
    const options = site().options(VERIFIER_OPTIONS, {
      'health.port': port,
      'health.block_seconds': 3600,
      'neuron.compute_stats_interval': 2000,
    })
    site().running.push(await runVerifier(options, SILENT))
    const { connection } = site().temporal.client
    client = new Client({ connection, namespace: site().namespace })
    await until('the start', async () => (await site().readyz(port))[0] === 200)
  })

  const id = () => ({ netuid: site().netuid, verifier: site().wallets.verifier!.hotkey })
  const green = () =>
    until('everything to be green', async () => (await site().readyz(port))[0] === 200)
  const statusOf = async (workflowId: string) =>
    (await client.workflow.getHandle(workflowId).describe()).status.name

  it('is started again when somebody ends it: the interval loop', async () => {
    const loop = intervalLoopId(id().netuid, id().verifier)
    await client.workflow.getHandle(loop).terminate('by hand')
    assert.match(
      await site().red(port, 'intervals'),
      /loop has ended .terminated.; it is started again/,
    )
    await green()
    assert.equal(await statusOf(loop), 'RUNNING')
    await client.workflow.getHandle(loop).cancel()
    assert.match(
      await site().red(port, 'intervals'),
      /loop has ended .cancelled.; it is started again/,
    )
    await green()
    assert.equal(await statusOf(loop), 'RUNNING')
  })

  it('is listed at a glance, as the guide says: by number and phase, in its views', async () => {
    const guide = await readFile(GUIDE, 'utf8')
    const queries = [...guide.matchAll(/^\| [^|`]+\| `([^`]+)` +\|$/gm)].map(([, query]) => query!)
    assert.ok(queries.includes('IntervalNo=12'), queries.join('\n'))
    const listed = async (query: string) => {
      for await (const row of client.workflow.list({ query })) return row
      return null
    }
    const first = await until('the first interval in the list', async () => {
      await site().admin.newBlocks(1)
      return listed(`IntervalNo=1 AND Netuid=${id().netuid}`)
    })
    assert.equal(first.workflowId, intervalWorkflowId(id().netuid, id().verifier, 1))
    assert.equal(first.typedSearchAttributes.get(intervalNoKey), 1)
    assert.match(first.typedSearchAttributes.get(phaseKey) ?? 'none', /^(open|rounds|audit)$/)
    // Each is understood, whatever it finds.
    await Promise.all(queries.map(listed))
  })

  it('an interval that was ended is named with what to do; one that was lost goes on', async () => {
    const n = 1
    const { db } = site().database
    await until('its secret', () => getSecret(db, id(), n))
    const workflowId = intervalWorkflowId(id().netuid, id().verifier, n)
    const described = () =>
      client.workflow
        .getHandle(workflowId)
        .describe()
        .catch(() => null)
    // Its first task is done: a reset has a point to go back to.
    await until('it to begin', async () => {
      await site().admin.newBlocks(1)
      return ((await described())?.raw.pendingActivities?.length ?? 0) > 0
    })
    await client.workflow.getHandle(workflowId).terminate('by hand')
    assert.equal(
      await site().red(port, 'intervals'),
      `interval ${n}: its workflow has ended (terminated); mend the cause, then: fractal interval retry ${n}`,
    )
    await resetInterval(client, id(), { n, reason: 'a test', running: false, completed: false })
    await green()

    const opening = { n, firstBlockHash: '00'.repeat(32), openedAfter: null, profile: TEST_PROFILE }
    await db.tx((tx) => openIntervalRow(tx, id(), opening))
    const lost = (await described())?.runId
    await client.workflowService.deleteWorkflowExecution({
      namespace: site().namespace,
      workflowExecution: { workflowId },
    })
    await until('another run', async () => {
      const run = await described()
      return run !== null && run.runId !== lost
    })
  })

  it('an interval that Temporal completed, and a restored ledger has unfinished, runs again', async () => {
    const n = 1
    const { db } = site().database
    const { netuid, verifier } = id()
    const handle = client.workflow.getHandle(intervalWorkflowId(netuid, verifier, n))
    const put = (phase: string) =>
      db.execute(
        `UPDATE intervals SET phase = $3, closed_at = CASE WHEN $3 = 'lapsed' THEN now() END
         WHERE netuid = $1 AND verifier = $2 AND n = 1`,
        [netuid, verifier, phase],
      )
    /** @returns the run that Temporal has completed */
    const complete = async () => {
      // A reset has a point to go back to.
      await until('it to begin', async () => {
        return ((await handle.describe()).raw.pendingActivities?.length ?? 0) > 0
      })
      await put('lapsed')
      await resetInterval(client, id(), { n, reason: 'a test', running: true, completed: true })
      return until('its end in Temporal', async () => {
        const { status, runId } = await handle.describe()
        return status.name === 'COMPLETED' && runId
      })
    }
    const completed = await complete()
    await put('open')
    await until('another run', async () => (await handle.describe()).runId !== completed)
    await complete()
    // Nothing of it was asked before the backup: it is too late to begin.
    await put('announced')
    await until('it to be missed', async () => (await intervalByN(db, id(), n))?.phase === 'missed')
  })

  it('the record of an interval that was ended before it was signed is signed', async () => {
    const n = 1
    const { db } = site().database
    const { netuid, verifier } = id()
    const handle = client.workflow.getHandle(intervalWorkflowId(netuid, verifier, n))
    const put = (phase: string) =>
      db.execute(
        `UPDATE intervals SET phase = $3, missed_because = NULL
         WHERE netuid = $1 AND verifier = $2 AND n = 1`,
        [netuid, verifier, phase],
      )
    const putUnsigned = async () => {
      await db.execute('DELETE FROM records WHERE netuid = $1 AND verifier = $2 AND n = 1', [
        ...[netuid, verifier],
      ])
      await db.tx((tx) =>
        putRecord(tx, id(), n, { body: '{}', hash: '00'.repeat(32), previousHash: null }),
      )
    }
    const signed = () =>
      until('the signature', async () => (await recordOf(db, id(), n))?.signature ?? null)

    await put('open')
    await until('it to run', async () => (await handle.describe()).status.name === 'RUNNING')
    await handle.terminate('by hand')
    await site().red(port, 'intervals')
    // The next one that settles lets it lapse.
    await putUnsigned()
    await put('lapsed')
    await signed()
    await green()

    await until('its end in Temporal', async () => {
      return (await handle.describe()).status.name === 'COMPLETED'
    })
    await putUnsigned()
    await signed()
  })
})
