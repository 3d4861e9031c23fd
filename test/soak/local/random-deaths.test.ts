import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client, Connection } from '@temporalio/client'
import { createLog } from '../../../base/log.js'
import type { BlockRef, Chain } from '../../../chain/chain.js'
import { connectLocalChain } from '../../../chain/local/adapter.js'
import { loadHotkey } from '../../../chain/wallet/wallet.js'
import { Grid } from '../../../dev/grid/grid.js'
import { freePorts } from '../../../dev/grid/ports.js'
import { removePostgres } from '../../../dev/postgres/start-postgres.js'
import { openStateDir, type StateDir } from '../../../dev/process/state-dir.js'
import { type Database, openDatabase } from '../../../ledger/database.js'
import { intervalByN, latestInterval } from '../../../ledger/intervals/intervals.js'
import { weightSet } from '../../../ledger/intervals/weights.js'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { createApiKey } from '../../../ledger/keys/api-keys.js'
import type { VerifierId } from '../../../ledger/verifier-id.js'
import { intervalLoopId, intervalWorkflowId } from '../../../temporal/workflow-ids.js'
import { assertWhole } from '../../e2e/whole.js'
import { COMPILED_BIN } from '../../support/bin.js'
import { until } from '../../support/until.js'
import { drawDeaths } from '../killed/draw-deaths.js'

const SEED = Number(process.env.FRACTAL_TEST_SEED ?? Date.now() % 1_000_000)
const DEATHS = Number(process.env.FRACTAL_TEST_DEATHS ?? 20)
const NETUID = 7
const INTERVAL_BLOCKS = 24
const BLOCK_MS = 400
const LONGEST_MS = 300_000
const WITHIN = { withinMs: LONGEST_MS }
/** For each death, and for the start and the end. */
const TIMEOUT_MS = 2 * LONGEST_MS + DEATHS * 60_000
const PROVERS = ['prover-1', 'prover-2']
const ROLES = ['verifier', 'inference-worker', 'gpu-worker', 'api'] as const
/** Who needs others to start comes after them. */
const VICTIMS = ['postgres', 'temporal', 'localnet', ...ROLES, ...PROVERS]
const MODEL = fileURLToPath(new URL('../../fixtures/tiny-model/model', import.meta.url))
const PROMPT = 'a blue circle moves left on a white background'
const log = createLog('test', 'silent')

describe('a whole grid whose processes are killed at random', function () {
  this.timeout(TIMEOUT_MS)
  let state: StateDir
  let grid: Grid
  let db: Database
  let id: VerifierId
  let key: string
  let chain: Chain
  /** Intervals in which a prover was away. */
  const away = new Map(PROVERS.map((name) => [name, new Set<number>()]))
  const videos: Promise<string>[] = []

  before(async () => {
    console.warn(
      `      the same deaths again: FRACTAL_TEST_SEED=${SEED} FRACTAL_TEST_DEATHS=${DEATHS}`,
    )
    state = await openStateDir(await mkdtemp(path.join(tmpdir(), 'fractal-deaths-')))
    grid = new Grid({
      state,
      ports: await freePorts(PROVERS.length),
      provers: PROVERS.map((name) => ({ name })),
      netuid: NETUID,
      options: {
        profile: 'test',
        'neuron.compute_stats_interval': INTERVAL_BLOCKS,
        'model.dir': MODEL,
      },
      log,
    })
    grid.bin = COMPILED_BIN
    await grid.startStores()
    await start('localnet')
    await start('gpu-worker')
    await Promise.all(PROVERS.map(start))
    await Promise.all(['verifier', 'inference-worker', 'api'].map(start))
    chain = await connectLocalChain(grid.chainEndpoint)
    db = openDatabase({ url: grid.databaseUrl, applicationName: 'fractal-soak', max: 2, log })
    id = { netuid: NETUID, verifier: grid.verifier.hotkey }
    const limits = { requestsPerMinute: 0, concurrentVideos: 0, dailyCost: 0 }
    const scopes = ['generate' as const, 'read' as const]
    key = (await createApiKey(db, { name: 'a user', scopes, ...limits, reusePrompts: true })).secret
  })

  after(async function () {
    await chain?.close()
    await db?.close()
    await grid?.stop()
    await state?.unlock()
    if (state === undefined) return
    await removePostgres(state.postgres)
    const tests = this.test?.parent?.tests ?? []
    if (tests.some(({ state: ended }) => ended === 'failed')) {
      console.warn(`      what its processes said: ${state.logs}`)
    } else await rm(state.root, { recursive: true, force: true })
  })

  async function kill(name: string): Promise<void> {
    if (name === 'postgres') await grid.killPostgres()
    else if (name === 'temporal') await grid.killTemporal()
    else await grid.killRole(name)
  }

  async function start(name: string): Promise<void> {
    const role = ROLES.find((each) => each === name)
    if (role !== undefined) await grid.startRole(role)
    else if (name === 'postgres') await grid.startPostgres()
    else if (name === 'temporal') await grid.startTemporal()
    else if (name === 'localnet') await grid.startChain(BLOCK_MS)
    else await grid.startProver(PROVERS.indexOf(name))
  }

  /** What is asked while parts of the grid are away may fail, and is asked again. */
  const patient = <T>(what: string, look: () => Promise<T | null | false>): Promise<T> =>
    until(what, () => look().catch(() => null), WITHIN)

  const newest = async () => (await patient('an interval', () => latestInterval(db, id))).n

  const call = async (route: string, init: RequestInit & { headers?: object } = {}) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` }
    const answer = await fetch(`${grid.apiUrl}${route}`, {
      ...init,
      headers: { ...headers, ...init.headers },
    })
    return answer.ok ? ((await answer.json()) as { id: string; status: string }) : null
  }

  /** As a client does that must not ask twice: with the same key until there is an answer. */
  async function askForVideo(name: string): Promise<string> {
    const init = {
      method: 'POST',
      headers: { 'idempotency-key': name },
      body: JSON.stringify({ prompt: PROMPT }),
    }
    return (await patient(`the API to take ${name}`, () => call('/v1/videos', init))).id
  }

  function noteAway(who: readonly string[], first: number, last: number): void {
    for (const name of who) for (let n = first; n <= last; n++) away.get(name)?.add(n)
  }

  it(`${DEATHS} deaths`, async () => {
    let final: BlockRef = await chain.finalized()
    let died = 0
    for (const { who, afterMs, downMs } of drawDeaths(SEED, DEATHS, VICTIMS)) {
      const video = askForVideo(`video-${died}-${SEED}`)
      video.catch(() => undefined)
      videos.push(video)
      await sleep(afterMs)
      const first = await newest()
      final = await chain.finalized()
      await Promise.all(who.map(kill))
      await sleep(downMs)
      for (const name of VICTIMS.filter((each) => who.includes(each))) await start(name)
      const last = await newest()
      noteAway(who, first, last)
      died += who.length
      console.warn(`      ${died} of ${DEATHS}: ${who.join(' and ')}, interval ${last}`)
      assert.deepEqual(await chain.blockAt(final.number), final, 'the chain lost a final block')
    }
  })

  /** All that was begun while processes died. */
  async function lastEnded(): Promise<number> {
    const last = await newest()
    for (let n = 1; n <= last; n++) {
      await patient(`interval ${n} to end`, async () => {
        const phase = (await intervalByN(db, id, n))?.phase
        if (phase === 'lapsed' || phase === 'missed') return true
        const weights = (await weightSet(db, id, n))?.state
        return phase === 'settled' && (weights === 'confirmed' || weights === 'done')
      })
    }
    return last
  }

  it('Postgres: every interval ended, what settled is whole, and nobody honest was blamed', async () => {
    const last = await lastEnded()
    let settled = 0
    for (let n = 1; n <= last; n++) {
      if ((await intervalByN(db, id, n))!.phase !== 'settled') continue
      settled += 1
      await patient(`the record of interval ${n}`, async () => {
        const rows = await db.query(
          'SELECT 1 FROM records WHERE n = $1 AND signature IS NOT NULL',
          [n],
        )
        return rows.length > 0
      })
      await assertWhole(db, id, n, { network: 'local', endpoint: grid.chainEndpoint })
      for (const { hotkey, verdict, reason } of await verdictsOf(db, id, n)) {
        const { name } = grid.wallets.find((wallet) => wallet.hotkey === hotkey)!
        const what = `interval ${n}: ${name} got ${verdict}, ${reason}`
        assert.notEqual(verdict, 'cheat', what)
        // The newest is there before the last rounds of the one before it are over.
        const near = [n - 1, n, n + 1].some((each) => away.get(name)!.has(each))
        assert.ok(verdict !== 'fail' || near, what)
      }
    }
    console.warn(`      ${settled} of ${last} intervals settled`)
    assert.ok(settled >= last / 2, `${settled} of ${last} intervals settled`)
  })

  it('Postgres: no request of a user was lost, and each was delivered once', async () => {
    const ids = await Promise.all(videos)
    for (const one of ids) {
      const status = await patient(`${one} to end`, async () => {
        const video = await call(`/v1/videos/${one}`)
        return video !== null && ['completed', 'failed'].includes(video.status) && video.status
      })
      assert.equal(status, 'completed', one)
    }
    assert.equal(new Set(ids).size, videos.length)
    const jobs = await db.query('SELECT 1 FROM jobs')
    assert.equal(jobs.length, videos.length, 'a retried request made one video')
    const rows = await db.query<{ successes: number }>(
      `SELECT count(*) FILTER (WHERE outcome = 'success')::integer AS successes FROM attempts
       WHERE inference_id IS NOT NULL GROUP BY inference_id`,
    )
    assert.deepEqual(
      rows.map(({ successes }) => successes),
      videos.map(() => 1),
    )
  })

  it('Temporal: no workflow failed, each interval’s is over, and one loop runs', async () => {
    const last = await lastEnded()
    const connection = await Connection.connect({ address: grid.temporalAddress })
    try {
      const { workflow } = new Client({ connection })
      const statusOf = async (workflowId: string) =>
        (await workflow.getHandle(workflowId).describe()).status.name
      assert.equal(await statusOf(intervalLoopId(NETUID, id.verifier)), 'RUNNING')
      for (let n = 1; n <= last; n++) {
        // Of one that was missed there is none.
        if ((await intervalByN(db, id, n))!.phase === 'missed') continue
        const status = await patient(`the workflow of interval ${n} to end`, async () => {
          const name = await statusOf(intervalWorkflowId(NETUID, id.verifier, n))
          return name !== 'RUNNING' && name
        })
        assert.equal(status, 'COMPLETED', `interval ${n}`)
      }
      const failed: string[] = []
      const query = "ExecutionStatus = 'Failed' OR ExecutionStatus = 'TimedOut'"
      for await (const { workflowId } of workflow.list({ query })) failed.push(workflowId)
      assert.deepEqual(failed, [])
    } finally {
      await connection.close()
    }
  })

  it('the chain: it holds of the verifier what the ledger knows, and no more', async () => {
    const signer = await loadHotkey({ path: state.wallets, name: 'verifier', hotkey: 'default' })
    const weights = { netuid: NETUID, uids: [], values: [], versionKey: 0 }
    const held = await patient('the ledger to know all that the chain holds', async () => {
      const next = { step: 'set' as const, ...weights, signer, eraBlocks: 4 }
      const { nonce } = await chain.prepareWeights(next)
      const rows = await db.query(
        'SELECT 1 FROM weight_extrinsics WHERE included_block IS NOT NULL',
      )
      return nonce === rows.length && nonce
    })
    console.warn(`      ${held} extrinsics`)
    assert.ok(held > 0)
  })
})
