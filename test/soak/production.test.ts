import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { removePostgres } from '../../dev/postgres/start-postgres.js'
import { freePort } from '../../dev/process/ports.js'
import { SeparatePostgres } from '../../dev/production/postgres.js'

const MAIN = fileURLToPath(new URL('../../dev/production/main.ts', import.meta.url))

describe('npm run production-shape', function () {
  this.timeout(240_000)
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-production-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  function run(...args: string[]) {
    // Neither Go nor a Temporal that it built before.
    const env = { PATH: folder, HOME: folder, XDG_CACHE_HOME: folder }
    const options = { env, encoding: 'utf8' as const, cwd: dirname(dirname(dirname(MAIN))) }
    return spawnSync(process.execPath, ['--import=tsx', MAIN, ...args], options)
  }

  it('says in one line that Go is missing, and leaves nothing running', () => {
    const { status, stderr } = run('--state.dir', join(folder, 'state'))
    assert.equal(status, 1)
    assert.match(
      stderr,
      /^production-shape: Temporal’s server has to be built, and there is no Go\.$/m,
    )
    assert.doesNotMatch(stderr, /^ +at /m)
  })

  it('says what it takes when it is given something else', () => {
    const { status, stdout } = run('--chain', 'finney')
    assert.equal(status, 2)
    assert.match(stdout, /--chain NAME/)
  })

  it('has a PostgreSQL with owners of their own databases, which takes ours by TLS only', async () => {
    const [dataDir, secrets] = [join(folder, 'pg'), join(folder, 'secrets')]
    await mkdir(secrets)
    const postgres = await SeparatePostgres.make({ dataDir, secrets, port: await freePort() })
    try {
      const db = await postgres.openDatabase('fractal', 'fractal')
      const rows = await db.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      await db.close()
      assert.deepEqual(rows, [{ ssl: true }])
      const as = async (user: string, database: string) => {
        const password = await postgres.password(user)
        const client = new pg.Client({
          host: '127.0.0.1',
          port: postgres.port,
          user,
          password,
          database,
        })
        await client.connect().finally(() => client.end())
      }
      await postgres.stop()
      await postgres.start()
      await as('temporal', 'temporal')
      await assert.rejects(as('fractal', 'fractal'), /no encryption|SSL off/)
      await assert.rejects(as('temporal', 'fractal'), /no pg_hba.conf entry/)
    } finally {
      await postgres.stop()
      await removePostgres(dataDir)
    }
  })
})
