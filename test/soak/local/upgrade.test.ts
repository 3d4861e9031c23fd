import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { runCli } from '../../cli/run-cli.js'
import { COMPILED_BIN } from '../../support/bin.js'
import { assertChain, assertIntervals, assertVideos, assertWorkflows } from '../grid/invariants.js'
import { PROVERS, SoakGrid } from '../grid/soak-grid.js'

/** The last of the mechanism's first edition; no version has been tagged yet. */
const OLDER = '0baa5107aaf13545e1b0150d45e292bc723c3dda'
const CLONE = fileURLToPath(new URL('../../..', import.meta.url))

const run = promisify(execFile)

describe('an upgrade while intervals run, as docs/stores.md says', function () {
  this.timeout(900_000)
  let folder: string
  let older: string
  let soak: SoakGrid

  before(async function () {
    const known = await run('git', ['cat-file', '-e', OLDER], { cwd: CLONE }).catch(() => null)
    if (known === null) {
      console.warn(`      skipped: this clone lacks the commit ${OLDER}`)
      this.skip()
    }
    folder = await mkdtemp(path.join(tmpdir(), 'fractal-older-'))
    older = path.join(folder, 'clone')
    await mkdir(older)
    await run('bash', ['-c', `set -o pipefail; git archive ${OLDER} | tar -x -C "$0"`, older], {
      cwd: CLONE,
    })
    // What it needs of packages, this version has too.
    await symlink(path.join(CLONE, 'node_modules'), path.join(older, 'node_modules'))
    soak = await SoakGrid.make({
      bin: path.join(older, 'cli/fractal.mjs'),
      options: { 'model.dir': path.join(older, 'test/fixtures/random-model/model') },
      blocks: 48,
    })
    await soak.startAll()
  })

  after(async function () {
    const tests = this.test?.parent?.tests ?? []
    await soak?.stop({ keepLogs: tests.some(({ state }) => state === 'failed') })
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  })

  const records = () =>
    soak.db.query<{ n: number }>(
      'SELECT n, hash, signature FROM records WHERE signature IS NOT NULL ORDER BY n',
    )

  let n: number

  it('takes over in the midst of an interval: it settles, and a video in progress is made', async () => {
    const { grid, user } = soak
    const first = await soak.nextInRounds()
    await user.assertCompleted(await user.ask('of the older version'))
    assert.equal(await soak.ended(first.n), 'settled')
    const kept = await records()
    n = (await soak.nextInRounds()).n
    grid.bin = COMPILED_BIN
    // The local chain and what speaks with it are of one version, as Subtensor's nodes need not be.
    await soak.kill('localnet')
    await soak.start('localnet')
    const migrated = await runCli(['migrate', '--roles'], {
      env: {
        DATABASE_URL: grid.databaseUrl,
        ...Object.fromEntries(
          ['API', 'WORKER', 'GPU'].map((r) => [`FRACTAL_ROLES_${r}_PASSWORD`, 'x'.repeat(24)]),
        ),
      },
    })
    assert.equal(migrated.code, 0, migrated.stderr)
    // Asked of the older API, and of whichever worker there is.
    void user.ask('in the midst of it')
    await grid.stopRole('gpu-worker')
    await soak.start('gpu-worker')
    await grid.stopRole('inference-worker')
    await soak.start('inference-worker')
    await soak.kill('verifier')
    await soak.start('verifier')
    await grid.stopRole('api')
    await soak.start('api')
    assert.equal(await soak.ended(n), 'settled', 'the interval that both versions judged')
    const now = await records()
    for (const row of kept)
      assert.deepEqual(
        now.find((each) => each.n === row.n),
        row,
      )
  })

  it('judges provers of the older version, and those that are upgraded', async () => {
    const old = await soak.nextInRounds()
    assert.equal(await soak.ended(old.n), 'settled')
    for (const name of PROVERS) {
      await soak.grid.stopRole(name)
      await soak.start(name)
    }
    void soak.user.ask('of the newer version')
    const { n: next } = await soak.nextInRounds()
    assert.equal(await soak.ended(next), 'settled')
  })

  it('lost nothing, counted nothing twice, and every history goes on', async () => {
    await assertIntervals(soak, { from: n + 1 })
    await assertVideos(soak)
    await assertWorkflows(soak)
    await assertChain(soak)
  })
})
