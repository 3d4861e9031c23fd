import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Client, Connection } from '@temporalio/client'
import { createLog } from '../../base/log.js'
import { Grid } from '../../dev/grid/grid.js'
import { freePorts } from '../../dev/grid/ports.js'
import { removePostgres } from '../../dev/postgres/start-postgres.js'
import { openStateDir, type StateDir } from '../../dev/process/state-dir.js'
import { findTemporalCli } from '../../dev/temporal/cli.mjs'
import { type Database, openDatabase } from '../../ledger/database.js'
import { type IntervalRow, intervalByN, latestInterval } from '../../ledger/intervals/intervals.js'
import { weightSet } from '../../ledger/intervals/weights.js'
import { verdictsOf } from '../../ledger/judging/verdicts.js'
import { createApiKey } from '../../ledger/keys/api-keys.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { intervalWorkflowId } from '../../temporal/workflow-ids.js'
import { runCli } from '../cli/run-cli.js'
import { COMPILED_BIN } from '../support/bin.js'
import { hasPython, pythonAudit } from '../support/records/python-audit.js'
import { assertWhole } from './whole.js'

const NETUID = 7
const INTERVAL_BLOCKS = 16
const BLOCK_MS = 400
const OUTAGE_MS = 5_000
/** After which an interval gives the ledger up: the last outage waits for it, and the others are over before. */
const PATIENCE_S = 20
const PROVERS = [
  { name: 'prover-1' },
  { name: 'prover-2' },
  { name: 'prover-3' },
  { name: 'villain-1', villain: 'ignores-seed' },
]
const PROMPT = 'a secret red circle moves right on a blue background'
const FAST_MODEL = fileURLToPath(new URL('../fixtures/tiny-model/model', import.meta.url))
const log = createLog('test', 'silent')

describe('a whole grid, with its parts killed and gone', function () {
  this.timeout(240_000)
  let state: StateDir
  let grid: Grid
  let db: Database
  let id: VerifierId
  let key: string
  const jobs: string[] = []

  before(async () => {
    state = await openStateDir(await mkdtemp(path.join(tmpdir(), 'fractal-grid-')))
    grid = new Grid({
      state,
      ports: await freePorts(PROVERS.length),
      provers: PROVERS,
      netuid: NETUID,
      options: {
        profile: 'test',
        'neuron.compute_stats_interval': INTERVAL_BLOCKS,
        'model.dir': FAST_MODEL,
      },
      postgresSettings: { fsync: 'off', full_page_writes: 'off' },
      log,
    })
    grid.bin = COMPILED_BIN
    await grid.startStores()
    await grid.startChain(BLOCK_MS)
    await grid.startRole('gpu-worker')
    await Promise.all(PROVERS.map((_, i) => grid.startProver(i)))
    await Promise.all([startVerifier(), grid.startRole('inference-worker'), grid.startRole('api')])
    db = openDatabase({ url: grid.databaseUrl, applicationName: 'fractal-e2e', max: 2, log })
    id = { netuid: NETUID, verifier: grid.verifier.hotkey }
    const made = await createApiKey(db, {
      name: 'a user',
      scopes: ['generate', 'read'],
      requestsPerMinute: 0,
      concurrentVideos: 0,
      dailyCost: 0,
      reusePrompts: true,
    })
    key = made.secret
  })

  after(async () => {
    await db?.close()
    await grid?.stop()
    await state?.unlock()
    if (state !== undefined) {
      await removePostgres(state.postgres)
      await rm(state.root, { recursive: true, force: true })
    }
  })

  function startVerifier(): Promise<void> {
    return grid.startRole('verifier', { 'ledger.patience': PATIENCE_S })
  }

  async function until<T>(what: string, look: () => Promise<T | null | false>): Promise<T> {
    for (const deadline = Date.now() + 220_000; ; ) {
      // An outage of the test's own making may hit this question too.
      const seen = await look().catch(() => null)
      if (seen !== null && seen !== false) return seen
      assert.ok(Date.now() < deadline, `waited in vain for ${what}`)
      await sleep(100)
    }
  }

  /** The next interval, as soon as it asks its provers. */
  async function nextInRounds(): Promise<IntervalRow> {
    const before = (await latestInterval(db, id))?.n ?? 0
    return until('an interval in its rounds', async () => {
      const row = await latestInterval(db, id)
      return row !== null && row.n > before && row.phase === 'rounds' ? row : null
    })
  }

  /** @param killed provers that this interval may find failing; nobody is ever called a cheat */
  async function settled(n: number, killed: string[] = []): Promise<void> {
    await until(`interval ${n} to settle`, async () => {
      const row = await intervalByN(db, id, n)
      if (row?.phase === 'lapsed' || row?.phase === 'missed') return row
      const set = await weightSet(db, id, n)
      const done = set?.state === 'confirmed' || set?.state === 'done'
      return row?.phase === 'settled' && done ? row : null
    })
    assert.equal((await intervalByN(db, id, n))?.phase, 'settled')
    const names = new Map(grid.wallets.map(({ hotkey, name }) => [hotkey, name]))
    for (const row of await verdictsOf(db, id, n)) {
      const name = names.get(row.hotkey)!
      const what = `interval ${n}: ${name} got ${row.verdict} (${row.kind}, ${row.reason})`
      if (name === 'villain-1') continue
      assert.notEqual(row.verdict, 'cheat', what)
      assert.ok(row.verdict !== 'fail' || killed.includes(name), what)
    }
    await until(`the record of interval ${n}`, async () => {
      const rows = await db.query<{ signature: string | null }>(
        'SELECT signature FROM records WHERE n = $1',
        [n],
      )
      return rows[0]?.signature != null
    })
    await assertWhole(db, id, n, { network: 'local', endpoint: grid.chainEndpoint })
  }

  const call = (path: string, init: RequestInit = {}) =>
    fetch(`${grid.apiUrl}${path}`, {
      ...init,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    })

  async function askForVideo(): Promise<string> {
    const answer = await call('/v1/videos', {
      method: 'POST',
      body: JSON.stringify({ prompt: PROMPT }),
    })
    assert.ok(answer.ok, `the API took the request: ${answer.status}`)
    const { id: jobId } = (await answer.json()) as { id: string }
    jobs.push(jobId)
    return jobId
  }

  async function videoDone(jobId: string): Promise<void> {
    const status = await until(`video ${jobId}`, async () => {
      const answer = await call(`/v1/videos/${jobId}`)
      const { status } = (await answer.json()) as { status: string }
      return status === 'completed' || status === 'failed' ? status : null
    })
    assert.equal(status, 'completed')
  }

  it('settles an interval: the villain is caught, weights are set, a user gets a video', async () => {
    await nextInRounds()
    const jobId = await askForVideo()
    await videoDone(jobId)
    const content = await call(`/v1/videos/${jobId}/content`)
    assert.equal(content.headers.get('content-type'), 'video/mp4')
    assert.equal(Buffer.from(await content.arrayBuffer()).toString('latin1', 4, 8), 'ftyp')
    const villain = grid.wallets.find(({ name }) => name === 'villain-1')!.hotkey
    // By a challenge, or by a spot check of what a wide round or a user asked.
    const { n } = await until('the villain to be caught', async () => {
      const caught = await db.query<{ n: number }>(
        "SELECT n FROM verdicts WHERE hotkey = $1 AND verdict = 'cheat' ORDER BY n LIMIT 1",
        [villain],
      )
      return caught[0] ?? null
    })
    // From here on it is a prover that is gone.
    await grid.killRole('villain-1')
    await settled(n)
    const verdicts = await verdictsOf(db, id, n)
    assert.ok(verdicts.some((row) => row.hotkey === villain && row.verdict === 'cheat'))
    for (const row of verdicts.filter(({ hotkey }) => hotkey !== villain)) {
      const what = `${row.kind} of ${row.hotkey}: ${row.verdict}, ${row.reason}`
      // On a busy machine the GPU worker may not get to all of it.
      assert.ok(row.verdict === 'pass' || row.reason === 'no_time', what)
    }
  })

  it('kill -9 of the inference worker while users wait, and of the verifier', async () => {
    const { n } = await nextInRounds()
    const waiting = await Promise.all([askForVideo(), askForVideo(), askForVideo()])
    await until('a prover to be at work', async () => {
      const rows = await db.query(
        'SELECT 1 FROM attempts WHERE inference_id IS NOT NULL AND outcome IS NULL',
      )
      return rows.length > 0
    })
    // With weights that are committed and revealed: test/soak/local/killed-verifier.test.ts, between each two steps.
    await Promise.all(['inference-worker', 'verifier'].map((name) => grid.killRole(name)))
    await Promise.all([grid.startRole('inference-worker'), startVerifier()])
    await Promise.all(waiting.map(videoDone))
    await settled(n)
  })

  it('kill -9 of the GPU worker, of a prover and of the API', async () => {
    const { n } = await nextInRounds()
    await Promise.all(['gpu-worker', 'prover-1', 'api'].map((name) => grid.killRole(name)))
    await Promise.all([grid.startRole('gpu-worker'), grid.startProver(0), grid.startRole('api')])
    await askForVideo()
    await settled(n, ['prover-1'])
    await videoDone(await askForVideo())
  })

  // Of a minute each, of all stores: test/soak/local/outages.test.ts.
  it('Postgres, then Temporal gone for 5 seconds in the middle of an interval', async () => {
    const { n } = await nextInRounds()
    await grid.killPostgres()
    await sleep(OUTAGE_MS)
    await grid.startPostgres()
    await grid.killTemporal()
    // Accepted while Temporal is away: it waits in the ledger.
    const jobId = await askForVideo()
    await sleep(OUTAGE_MS)
    await grid.startTemporal()
    await videoDone(jobId)
    await settled(n)
  })

  it('an interval that failed comes to success by the operator’s reset', async () => {
    const connection = await Connection.connect({ address: grid.temporalAddress })
    try {
      const { workflow } = new Client({ connection })
      const { n } = await nextInRounds()
      const workflowId = intervalWorkflowId(NETUID, id.verifier, n)
      await grid.killPostgres()
      await until('the interval to fail', async () => {
        const { status } = await workflow.getHandle(workflowId).describe()
        return status.name === 'FAILED'
      })
      await assert.rejects(workflow.getHandle(workflowId).result(), (error: Error) => {
        assert.match(String((error.cause as Error).message), /To do: bring PostgreSQL back/)
        return true
      })
      await grid.startPostgres()
      // The outage may have failed its neighbours too; each waits for those before it.
      const failed = await until('the list of failed intervals', async () => {
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
      await settled(n)
    } finally {
      await connection.close()
    }
  })

  it('has records from which each interval can be computed again, here and in Python', async () => {
    const list = async () => {
      const { data } = (await (await call('/v1/network/records?limit=1000')).json()) as {
        data: { n: number; public: boolean }[]
      }
      return data.filter((row) => row.public).map(({ n }) => n)
    }
    // The newest is not public before a later one has settled.
    const numbers = await until('records that everybody may read', async () => {
      const found = await list()
      return found.length > 0 ? found.reverse() : null
    })
    const files = await Promise.all(
      numbers.map(async (n) => {
        const answer = await call(`/v1/network/intervals/${n}/record`)
        const file = path.join(state.root, `record-${n}.json`)
        await writeFile(file, await answer.text())
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
    const secrets = [PROMPT, new URL(grid.databaseUrl).password]
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
    const rows = await db.query<{ confirmed: number }>(
      "SELECT count(*)::integer AS confirmed FROM weight_sets WHERE state = 'confirmed'",
    )
    assert.ok(rows[0]!.confirmed >= 2, `${rows[0]!.confirmed} intervals set weights`)
  })

  it('lost no request of a user, and delivered each once', async () => {
    await Promise.all(jobs.map(videoDone))
    const rows = await db.query<{ successes: number }>(
      `SELECT count(*) FILTER (WHERE outcome = 'success')::integer AS successes FROM attempts
       WHERE inference_id IS NOT NULL GROUP BY inference_id`,
    )
    assert.equal(rows.length, jobs.length)
    for (const { successes } of rows) assert.equal(successes, 1)
  })
})
