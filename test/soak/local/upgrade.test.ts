import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { verdictsOf } from '../../../ledger/judging/verdicts.js'
import { runCli } from '../../cli/run-cli.js'
import { COMPILED_BIN } from '../../support/bin.js'
import { Absences } from '../../support/grid/absences.js'
import {
  assertAllPassAgain,
  assertChain,
  assertIntervals,
  assertVideos,
  assertWorkflows,
} from '../../support/grid/invariants.js'
import { PROVERS, ROLES, TestGrid } from '../../support/grid/test-grid.js'

interface Way {
  readonly what: string
  /** A commit whose packages are those of today; no version has been tagged yet. */
  readonly older: string
  /** Whether what asks and judges is stopped before the ledger is migrated. */
  readonly stopsFirst: boolean
}

const WAYS: readonly Way[] = [
  {
    what: 'as docs/stores.md says',
    // Five migrations, three decisions about who is paid (0027 to 0029) and a version of records behind.
    older: '1797e048d5a95a860f78e49656a4c966d4ccabf3',
    stopsFirst: true,
  },
  {
    what: 'the older processes running on until each is replaced',
    // The first whose work survives that, and a version of records behind.
    older: 'a27fa3062cbb3a010b05a30eba4786eea161f1c3',
    stopsFirst: false,
  },
]
const CLONE = fileURLToPath(new URL('../../..', import.meta.url))
const ASKS_EVERY_MS = 1000
const WORKERS = ['gpu-worker', 'inference-worker', 'verifier'] as const
const ROLE_PASSWORDS = Object.fromEntries(
  ['API', 'WORKER', 'GPU'].map((role) => [`FRACTAL_ROLES_${role}_PASSWORD`, 'x'.repeat(24)]),
)

const run = promisify(execFile)

function upgrade({ older, stopsFirst }: Way): void {
  let folder: string | undefined
  let site: TestGrid
  const away = new Absences()

  before(async function () {
    const known = await run('git', ['cat-file', '-e', older], { cwd: CLONE }).catch(() => null)
    if (known === null) {
      console.warn(`      skipped: this clone lacks the commit ${older}`)
      this.skip()
    }
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-older-'))
    await run('bash', ['-c', `set -o pipefail; git archive ${older} | tar -x -C "$0"`, folder], {
      cwd: CLONE,
    })
    const locked = await Promise.all(
      [CLONE, folder].map((each) => readFile(path.join(each, 'package-lock.json'), 'utf8')),
    )
    assert.equal(locked[0], locked[1], 'the older version has the packages of this one')
    await symlink(path.join(CLONE, 'node_modules'), path.join(folder, 'node_modules'))
    site = await TestGrid.make({ bin: path.join(folder, 'cli/fractal.mjs'), blocks: 48 })
    await site.startAll()
  })

  after(async function () {
    asking.abort()
    const tests = this.test?.parent?.tests ?? []
    await site?.stop({ keepLogs: tests.some(({ state }) => state === 'failed') })
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  /** A user asks all the time. */
  const asking = new AbortController()
  async function askOn(): Promise<void> {
    for (let i = 1; !asking.signal.aborted; i += 1) {
      void site.user.ask(`request ${i}`, { waits: i % 2 === 0 })
      await sleep(ASKS_EVERY_MS, undefined, { signal: asking.signal }).catch(() => undefined)
    }
  }

  async function audit(bin: string, from: number, to: number): Promise<void> {
    const { grid } = site
    const { code, stdout, stderr } = await runCli(
      [
        ...['audit', '--from', String(from), '--to', String(to), '--api', grid.apiUrl],
        ...['--subtensor.network', 'local', '--subtensor.chain_endpoint', grid.chainEndpoint],
      ],
      { bin, env: { FRACTAL_API_KEY: site.user.key } },
    )
    assert.equal(code, 0, `${stdout}${stderr}`)
    console.warn(`      ${stdout.trim()}`)
  }

  /** The version of each interval's record. */
  const versions = async () =>
    (
      await site.db.query<{ version: string }>(
        "SELECT body::json->>'version' AS version FROM records ORDER BY n",
      )
    ).map(({ version }) => version)

  const signed = () =>
    site.db.query('SELECT n, hash, signature FROM records WHERE signature IS NOT NULL ORDER BY n')

  it('the older grid by itself: both provers pass, intervals settle and audit, a user is served', async () => {
    void askOn()
    await site.user.assertCompleted(await site.user.ask('of the older version'))
    await assertAllPassAgain(site)
    await site.nextInRounds()
    const n = (await site.nextInRounds()).n - 1
    assert.equal(await site.ended(n), 'settled')
    const verdicts = await verdictsOf(site.db, site.id, n)
    assert.deepEqual(
      verdicts.filter(({ verdict }) => verdict === 'cheat' || verdict === 'fail'),
      [],
    )
    await audit(site.grid.bin, 1, n - 1)
  })

  it('takes over in the midst of an interval and of videos', async () => {
    const { grid, db } = site
    const { n } = await site.nextInRounds()
    const kept = await signed()
    if (stopsFirst) {
      await Promise.all(WORKERS.map((role) => grid.stopRole(role)))
      await site.patient('a video to wait for the new version', async () => {
        const rows = await db.query(
          "SELECT 1 FROM jobs WHERE status IN ('queued', 'in_progress') AND workflow_started_at IS NOT NULL",
        )
        return rows.length > 0
      })
    }
    grid.bin = COMPILED_BIN
    const migrated = await runCli(['migrate', '--roles'], {
      env: { DATABASE_URL: grid.databaseUrl, ...ROLE_PASSWORDS },
    })
    assert.equal(migrated.code, 0, migrated.stderr)
    for (const role of [...WORKERS, 'api']) {
      await grid.stopRole(role)
      await site.start(role)
    }
    assert.equal(await site.ended(n), 'settled', 'the interval that both versions judged')
    assert.deepEqual((await signed()).slice(0, kept.length), kept, 'what was signed stands')
  })

  it('judges provers of the older version, then one of each, then those of the newer', async () => {
    await assertAllPassAgain(site)
    for (const name of PROVERS) {
      const isBack = away.begin([name])
      await site.grid.stopRole(name)
      await site.start(name)
      isBack()
      await assertAllPassAgain(site)
    }
  })

  it('lost nothing, counted nothing twice, and every history goes on', async () => {
    asking.abort()
    const { settled, last } = await assertIntervals(site, { wasAway: away.wasAway })
    assert.equal(settled, last)
    await assertVideos(site)
    await assertWorkflows(site)
    await assertChain(site)
    for (const role of ROLES) {
      const log = await readFile(site.state.log(role), 'utf8')
      assert.doesNotMatch(log, /nondeterminis/i, role)
    }
  })

  it('records of both versions audit', async () => {
    const { n } = await site.nextInRounds()
    assert.equal(await site.ended(n), 'settled')
    const all = await versions()
    console.warn(`      ${all.join(', ')}`)
    assert.equal(new Set(all).size, 2)
    await audit(COMPILED_BIN, 1, n - 1)
  })
}

for (const way of WAYS) {
  describe(`an upgrade while intervals run, ${way.what}`, function () {
    this.timeout(900_000)
    upgrade(way)
  })
}
