import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createTestDatabase } from '../../support/postgres.js'
import { runCli } from '../run-cli.js'

describe('fractal migrate', function () {
  this.timeout(240_000)
  const prefix = `test_${randomBytes(6).toString('hex')}`
  let folder: string
  let url: string
  let drop: () => Promise<void>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-migrate-'))
    ;({ url, drop } = await createTestDatabase({ empty: true }))
  })
  after(async () => {
    const client = new pg.Client({ connectionString: url })
    await client.connect()
    for (const kind of ['api', 'worker', 'gpu']) {
      const name = `${prefix}_${kind}`
      const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [name])
      if (rowCount === 1) await client.query(`DROP OWNED BY ${name}; DROP ROLE ${name}`)
    }
    await client.end()
    await drop()
    await rm(folder, { recursive: true, force: true })
  })

  it('makes tables and logins as the owner; a process that may not says what to do', async () => {
    const password = randomBytes(12).toString('hex')
    const file = join(folder, 'password')
    await writeFile(file, `${password}\n`)
    const api = new URL(url)
    api.username = `${prefix}_api`
    api.password = password
    const files = ['api', 'worker', 'gpu'].flatMap((kind) => [
      `--roles.${kind}_password_file`,
      file,
    ])
    const asOwner = ['migrate', '--database.url', url, '--roles.prefix', prefix]

    const short = await runCli([...asOwner, '--roles', '--roles.api_password', 'short'])
    assert.equal(short.code, 2)
    assert.match(
      short.stderr,
      /roles.api_password: the value given can't be used\n {2}.*16 printable ASCII characters/,
    )
    const made = await runCli([...asOwner, '--roles', ...files])
    assert.equal(made.code, 0, made.stderr)
    assert.match(made.stdout, /^migrated +0001_intervals, .*0015_retention/)
    assert.match(
      made.stdout,
      new RegExp(`rights given +${prefix}_api, ${prefix}_gpu, ${prefix}_worker`),
    )
    assert(!`${made.stdout}${made.stderr}`.includes(password))
    const again = await runCli([...asOwner, '--json'])
    assert.deepEqual(JSON.parse(again.stdout).applied, [])

    const client = new pg.Client({ connectionString: url })
    await client.connect()
    await client.query(`DELETE FROM migrations WHERE name LIKE '0015%'`)
    await client.end()
    const role = await runCli(['migrate', '--database.url', api.href])
    assert.equal(role.code, 1)
    assert.match(
      role.stderr,
      /^fractal: the database lacks 0015_retention, and the user test_\w+ may not migrate it\n {2}Run `fractal migrate` as the owner.*\n$/,
    )
  })
})
