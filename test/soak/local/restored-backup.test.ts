import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { removePostgres } from '../../../dev/postgres/start-postgres.js'
import { systemPrograms } from '../../../dev/postgres/system-programs.js'
import { intervalLoopId } from '../../../temporal/workflow-ids.js'
import { COMPILED_BIN } from '../../support/bin.js'
import {
  assertIntervals,
  assertVideos,
  extrinsicsOnChain,
  withTemporal,
} from '../../support/grid/invariants.js'
import { NETUID, ROLES, TestGrid } from '../../support/grid/test-grid.js'
import { docLines } from '../grid/doc-lines.js'

const PROGRAMS = systemPrograms()

describe('a ledger that is lost and restored from a backup, as docs/stores.md says', function () {
  this.timeout(600_000)
  let site: TestGrid
  let folder: string

  before(async function () {
    if (PROGRAMS === null) {
      console.warn('      skipped: no PostgreSQL of the system (pg_dump is not in the package)')
      this.skip()
    }
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-backup-'))
    site = await TestGrid.make({ postgresPrograms: PROGRAMS })
    await site.startAll()
  })

  after(async function () {
    const tests = this.test?.parent?.tests ?? []
    await site?.stop({ keepLogs: tests.some(({ state }) => state === 'failed') })
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  /** As in a terminal, in the folder of the backup. */
  async function shell(line: string): Promise<void> {
    const { hostname, port, username, password } = new URL(site.grid.databaseUrl)
    const env = {
      PATH: `${PROGRAMS}/bin:${process.env.PATH}`,
      HOME: process.env.HOME,
      PGHOST: hostname,
      PGPORT: port,
      PGUSER: username,
      PGPASSWORD: password,
      DATABASE_URL: site.grid.databaseUrl,
      ...Object.fromEntries(
        ['API', 'WORKER', 'GPU'].map((r) => [`FRACTAL_ROLES_${r}_PASSWORD`, 'x'.repeat(24)]),
      ),
      NODE: process.execPath,
      FRACTAL: COMPILED_BIN,
    }
    const npx = 'npx() { shift; "$NODE" "$FRACTAL" "$@"; }'
    await promisify(execFile)('bash', ['-ec', `${npx}\n${line}`], { cwd: folder, env })
  }

  /** What is final of every interval. */
  const final = () =>
    site.db.query<{ n: number; hash: string }>(
      `SELECT i.n, r.hash, r.signature, w.state,
         (SELECT jsonb_agg(s ORDER BY s.hotkey) FROM scores s WHERE s.n = i.n) AS scores,
         (SELECT jsonb_agg(e.hash ORDER BY e.hash) FROM weight_extrinsics e WHERE e.n = i.n) AS sent
       FROM intervals i JOIN records r USING (netuid, verifier, n) JOIN weight_sets w USING (netuid, verifier, n)
       WHERE i.phase = 'settled' AND r.signature IS NOT NULL AND w.state IN ('confirmed', 'done') ORDER BY i.n`,
    )

  const included = async () =>
    new Set(
      (
        await site.db.query<{ hash: string }>(
          'SELECT hash FROM weight_extrinsics WHERE included_block IS NOT NULL',
        )
      ).map(({ hash }) => hash),
    )

  it('goes on: what was final stays, what ran is judged, nothing is counted or sent twice', async () => {
    const [dump, restore, migrate] = await docLines('stores.md', '## Back up and restore', [
      'pg_dump -Fc -f fractal.dump',
      'createdb -O fractal',
      'npx fractal migrate --roles',
    ])
    await shell(migrate!)
    const first = await site.nextInRounds()
    assert.equal(await site.ended(first.n), 'settled')
    const { user, grid } = site
    await user.assertCompleted(await user.ask('long before the backup'))
    const { n } = await site.nextInRounds()
    const [running] = await Promise.all([user.ask('as the backup is made')])
    const kept = await final()
    await shell(dump!)
    console.warn(`      backed up in interval ${n}, ${running} just accepted`)
    await user.assertCompleted(running!)
    const late = await user.ask('after the backup')
    await user.assertCompleted(late)
    assert.equal(await site.ended(n), 'settled')
    await site.nextInRounds()
    const before = await included()

    await Promise.all(ROLES.map((role) => grid.stopRole(role)))
    await site.kill('temporal')
    await site.db.close()
    await site.kill('postgres')
    await removePostgres(site.state.postgres)
    await site.start('postgres')
    // A server that has neither database: the grid made it one.
    await shell('dropdb fractal')
    await shell(restore!)
    await shell(migrate!)
    site.openLedger()
    await site.start('temporal')
    await Promise.all(ROLES.map((role) => site.start(role)))
    assert.equal(await user.call(`/v1/videos/${late}`), null, 'what the backup lacks is unknown')
    user.videos.pop()
    await user.assertCompleted(await user.ask('after the backup'))

    assert.equal(await site.ended(n), 'settled', 'the interval that ran as the backup was made')
    const next = await site.nextInRounds()
    assert.equal(await site.ended(next.n), 'settled')
    await assertIntervals(site)
    await assertVideos(site)
    const now = await final()
    for (const row of kept)
      assert.deepEqual(
        now.find((each) => each.n === row.n),
        row,
      )
    const after = await included()
    const known = new Set([...before, ...after])
    await site.patient('the ledger, old and new, to know all that the chain holds', async () => {
      for (const hash of await included()) known.add(hash)
      return (await extrinsicsOnChain(site)) === known.size
    })
    await withTemporal(site, async ({ workflow }) => {
      const loop = workflow.getHandle(intervalLoopId(NETUID, site.id.verifier))
      assert.equal((await loop.describe()).status.name, 'RUNNING')
    })
  })
})
