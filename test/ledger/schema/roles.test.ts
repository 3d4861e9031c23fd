import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import pg from 'pg'
import { createLog } from '../../../base/log.js'
import { type Database, openDatabase } from '../../../ledger/database.js'
import { LedgerError } from '../../../ledger/errors.js'
import { type DatabaseRoleKind, TABLE_GRANTS } from '../../../ledger/schema/grants.js'
import { migrate, migrateWithRoles } from '../../../ledger/schema/migrate.js'
import { wantedRoles } from '../../../ledger/schema/roles.js'
import { makeTestRoles, type TestRoles } from '../../support/database-roles.js'
import { createTestDatabase, useDatabase } from '../../support/postgres.js'

const log = createLog('test', 'silent')

const withCode = (code: string) => (error: unknown) =>
  error instanceof LedgerError && error.code === code
const forbidden = withCode('ledger_forbidden')

const IN_INTERVAL = `(netuid, verifier, n)`

/** What must not be, whoever has got hold of a process. */
const FORBIDDEN: Readonly<Record<DatabaseRoleKind, readonly string[]>> = {
  api: [
    `INSERT INTO verdicts (netuid, verifier, n, request_id, kind, hotkey, registered_block, verdict, reason)
       VALUES (1, 'v', 1, gen_random_uuid(), 'audit', 'h', 1, 'pass', 'r')`,
    `UPDATE verdicts SET verdict = 'pass'`,
    `UPDATE scores SET score_after = 1000000`,
    `INSERT INTO tier_history ${IN_INTERVAL} VALUES (1, 'v', 1)`,
    `UPDATE provers SET tier = 'challenger'`,
    `UPDATE provers SET score_ppm = 1000000`,
    `UPDATE weight_sets SET values = '{65535}'`,
    `INSERT INTO weight_extrinsics ${IN_INTERVAL} VALUES (1, 'v', 1)`,
    `SELECT bytes FROM weight_extrinsics`,
    `SELECT salt FROM weight_sets`,
    `INSERT INTO records ${IN_INTERVAL} VALUES (1, 'v', 1)`,
    `UPDATE records SET body = ''`,
    `UPDATE leases SET holder = NULL`,
    `SELECT * FROM leases`,
    `UPDATE attempts SET outcome = 'success'`,
    `UPDATE intervals SET phase = 'settled'`,
    `SELECT secret FROM interval_secrets`,
    `SELECT * FROM plan_items`,
    `SELECT secret FROM webhook_secrets`,
    `INSERT INTO api_keys (id) VALUES ('key_000000000000000000000000')`,
    `UPDATE api_keys SET scopes = '{admin}'`,
    `UPDATE api_keys SET revoked_at = NULL`,
    `UPDATE jobs SET api_key_id = 'mine'`,
    `UPDATE jobs SET winning_request_id = NULL`,
    `INSERT INTO contents (job_id) VALUES ('video_000000000000000000000000')`,
    `UPDATE certificates SET exact = true`,
    `SELECT forget_interval(1, 'v', 30)`,
  ],
  worker: [
    `UPDATE verdicts SET verdict = 'pass'`,
    `DELETE FROM verdicts`,
    `WITH on_purpose AS (SELECT set_config('fractal.forgetting', 'yes', false)) DELETE FROM verdicts USING on_purpose`,
    `UPDATE scores SET score_after = 1000000`,
    `DELETE FROM tier_history`,
    `UPDATE records SET body = ''`,
    `DELETE FROM records`,
    `DELETE FROM attempts`,
    `DELETE FROM intervals`,
    `UPDATE interval_secrets SET secret = secret`,
    `UPDATE plan_items SET hotkey = 'h'`,
    `INSERT INTO api_keys (id) VALUES ('key_000000000000000000000000')`,
    `UPDATE api_keys SET revoked_at = NULL`,
    `INSERT INTO certificates (determinism_class) VALUES ('c')`,
    `INSERT INTO ground_truths (request_id) VALUES (gen_random_uuid())`,
    `INSERT INTO webhook_secrets (webhook_id, secret) VALUES ('w', '')`,
    `UPDATE webhook_secrets SET secret = ''`,
  ],
  gpu: [
    `INSERT INTO verdicts ${IN_INTERVAL} VALUES (1, 'v', 1)`,
    `SELECT * FROM verdicts`,
    `UPDATE attempts SET outcome = 'success'`,
    `UPDATE frames SET zlib = ''`,
    `SELECT secret FROM interval_secrets`,
    `SELECT secret_sha256 FROM api_keys`,
    `SELECT prompt FROM inference_requests`,
    `SELECT secret FROM webhook_secrets`,
    `UPDATE leases SET holder = NULL`,
    `UPDATE weight_sets SET values = '{65535}'`,
    `INSERT INTO jobs (id) VALUES ('video_000000000000000000000000')`,
    `SELECT forget_interval(1, 'v', 30)`,
  ],
}

/** Nobody's but the owner's. */
const NO_DDL = [
  'CREATE TABLE mine (a integer)',
  'CREATE TEMPORARY TABLE mine (a integer)',
  'CREATE FUNCTION mine() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$',
  'ALTER TABLE jobs ADD COLUMN mine integer',
  'ALTER TABLE verdicts DISABLE TRIGGER ALL',
  'CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN OLD; END $$',
  'DROP TABLE jobs',
  'TRUNCATE jobs CASCADE',
  'CREATE INDEX mine ON jobs (id)',
  'CREATE SCHEMA mine',
  `INSERT INTO migrations (name, run_on) VALUES ('9999_mine', now())`,
  `INSERT INTO database_roles (role, kind) VALUES ('mine', 'worker')`,
  `COPY jobs TO PROGRAM 'cat'`,
]

describe('ledger/database-roles', () => {
  let roles: TestRoles
  const as = {} as Record<DatabaseRoleKind, Database>
  // First: Mocha runs these in the order of their registration, and the roles go before the database.
  after(async () => {
    await Promise.all(Object.values(as).map((db) => db.close()))
    await roles?.drop()
  })
  const database = useDatabase()

  before(async () => {
    roles = await makeTestRoles(database().url)
    for (const [kind, url] of Object.entries(roles.urls)) {
      as[kind as DatabaseRoleKind] = openDatabase({ url, applicationName: 'test', max: 1, log })
    }
  })

  it('names every table and view of the ledger, so that a new one is decided about', async () => {
    const tables = await database().db.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind IN ('r', 'v', 'm', 'p', 'f') AND relnamespace = 'public'::regnamespace`,
    )
    assert.deepEqual(tables.map(({ name }) => name).sort(), Object.keys(TABLE_GRANTS).sort())
  })

  for (const [kind, statements] of Object.entries(FORBIDDEN)) {
    it(`refuses ${kind} what is not its business`, async () => {
      for (const sql of [...statements, ...NO_DDL]) {
        await assert.rejects(as[kind as DatabaseRoleKind].query(sql), forbidden, sql)
      }
      await assert.rejects(
        as[kind as DatabaseRoleKind].query(`SET ROLE ${new URL(database().url).username}`),
        forbidden,
      )
    })
  }

  it('leaves a process of this version alone, and tells one that finds migrations missing', async () => {
    const { db } = database()
    const { api } = roles.urls
    assert.deepEqual(await migrate(api, { log }), [])
    const [last] = await db.query<{ name: string }>(
      'SELECT name FROM migrations ORDER BY name DESC LIMIT 1',
    )
    const restore = await db.query<{ id: number; name: string; runOn: Date }>(
      'DELETE FROM migrations WHERE name = $1 RETURNING id, name, run_on',
      [last!.name],
    )
    await assert.rejects(migrate(api, { log }), (error) => {
      assert(error instanceof LedgerError)
      assert.equal(error.code, 'not_migrated')
      assert.match(
        error.message,
        new RegExp(`${last!.name}, and the user ${roles.prefix}_api may not`),
      )
      assert.match(error.hint!, /fractal migrate/)
      return true
    })
    const { id, name, runOn } = restore[0]!
    await db.execute('INSERT INTO migrations (id, name, run_on) VALUES ($1, $2, $3)', [
      id,
      name,
      runOn,
    ])
  })

  it('grants again what is missing, and takes away what is too much, when the owner migrates', async () => {
    const { db, url } = database()
    await db.execute(`REVOKE SELECT ON jobs FROM ${roles.prefix}_api`)
    await db.execute(`GRANT INSERT ON verdicts TO ${roles.prefix}_api`)
    await assert.rejects(as.api.query('SELECT * FROM jobs'), forbidden)
    const done = await migrateWithRoles({ url }, { log, roles: [] })
    assert.deepEqual(done, {
      names: [],
      roles: ['api', 'gpu', 'worker'].map((kind) => `${roles.prefix}_${kind}`),
    })
    await as.api.query('SELECT * FROM jobs')
    await assert.rejects(as.api.query(FORBIDDEN.api[0]!), forbidden)
  })

  it('keeps no password, and changes one', async () => {
    const { db, url } = database()
    const { password } = new URL(roles.urls.gpu)
    const [kept] = await db.query<{ rolpassword: string }>(
      'SELECT rolpassword FROM pg_authid WHERE rolname = $1',
      [`${roles.prefix}_gpu`],
    )
    assert.match(kept!.rolpassword, /^SCRAM-SHA-256\$4096:/)
    assert(!kept!.rolpassword.includes(password))
    const changed = 'another-password-1'
    const wanted = wantedRoles(roles.prefix, { api: undefined, worker: undefined, gpu: changed })
    await migrateWithRoles({ url }, { log, roles: wanted })
    const mine = new URL(roles.urls.gpu)
    await assert.rejects(migrate(mine.href, { log }), withCode('ledger_refused'))
    mine.password = changed
    assert.deepEqual(await migrate(mine.href, { log }), [])
  })

  it('refuses a role that is missing, and one that may do too much', async () => {
    const { db, url } = database()
    const none = { api: undefined, worker: undefined, gpu: undefined }
    await assert.rejects(
      migrateWithRoles({ url }, { log, roles: wantedRoles('nobody_has_this', none) }),
      (error) => withCode('role_missing')(error) && /nobody_has_this_api/.test(String(error)),
    )
    await db.execute(`ALTER ROLE ${roles.prefix}_api CREATEDB`)
    await assert.rejects(
      migrateWithRoles({ url }, { log, roles: wantedRoles(roles.prefix, none) }),
      withCode('role_overprivileged'),
    )
    await db.execute(`ALTER ROLE ${roles.prefix}_api NOCREATEDB`)
  })

  it('works for an owner who is not a superuser: with CREATEROLE, and with roles that were made for him', async () => {
    const { url, drop } = await createTestDatabase({ empty: true })
    const owner = `test_${randomBytes(6).toString('hex')}`
    const password = randomBytes(12).toString('hex')
    const admin = new pg.Client({ connectionString: url })
    await admin.connect()
    const name = new URL(url).pathname.slice(1)
    const mine = new URL(url)
    mine.username = owner
    mine.password = password
    try {
      await admin.query(`CREATE ROLE ${owner} LOGIN PASSWORD '${password}'`)
      await admin.query(`ALTER DATABASE ${name} OWNER TO ${owner}`)
      const address = { url: mine.href }
      const wanted = wantedRoles(owner, { api: password, worker: password, gpu: password })
      await assert.rejects(migrateWithRoles(address, { log, roles: wanted }), forbidden)
      for (const { role } of wanted) await admin.query(`CREATE ROLE ${role} LOGIN`)
      const none = { api: undefined, worker: undefined, gpu: undefined }
      const done = await migrateWithRoles(address, { log, roles: wantedRoles(owner, none) })
      assert.equal(done.roles.length, 3)
      for (const { role } of wanted) await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
      await admin.query(`ALTER ROLE ${owner} CREATEROLE`)
      assert.equal((await migrateWithRoles(address, { log, roles: wanted })).roles.length, 3)
      mine.username = `${owner}_api`
      assert.deepEqual(await migrate(mine.href, { log }), [])
      for (const { role } of wanted) await admin.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`)
    } finally {
      await admin
        .query(
          `ALTER DATABASE ${name} OWNER TO CURRENT_USER; REASSIGN OWNED BY ${owner} TO CURRENT_USER; DROP OWNED BY ${owner}; DROP ROLE ${owner}`,
        )
        .finally(() => admin.end())
      await drop()
    }
  })
})
