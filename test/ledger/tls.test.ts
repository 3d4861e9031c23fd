import assert from 'node:assert/strict'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { FractalError } from '../../base/errors.js'
import { createLog } from '../../base/log.js'
import { type DatabaseAddress, databaseAddress } from '../../base/options/database-address.js'
import { DATABASE_OPTIONS } from '../../base/options/groups.js'
import { resolveOptions } from '../../base/options/options.js'
import { type Postgres, removePostgres, startPostgres } from '../../dev/postgres/start-postgres.js'
import { openDatabase } from '../../ledger/database.js'
import { LedgerError } from '../../ledger/errors.js'
import { JobSignals } from '../../ledger/requests/job-signals.js'
import { migrate } from '../../ledger/schema/migrate.js'
import { CERTIFICATES, type CertificateFiles, writeCertificates } from '../support/tls.js'
import { until } from '../support/until.js'

const log = createLog('test', 'silent')

describe('PostgreSQL by TLS', function () {
  this.timeout(240_000)
  let folder: string
  let dataDir: string
  let server: Postgres
  let admin: pg.Client
  let files: CertificateFiles

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'fractal-tls-'))
    dataDir = join(folder, 'pg')
    files = await writeCertificates()
    server = await startPostgres({ dataDir, port: 0, log, settings: { fsync: 'off' } })
    admin = new pg.Client({ connectionString: server.url })
    await admin.connect()
  })
  after(async () => {
    await admin?.end()
    await server?.stop('immediate')
    await removePostgres(dataDir)
    await files?.remove()
    await rm(folder, { recursive: true, force: true })
  })

  /** By the server itself: it alone may read what it is given, and we may be root. */
  async function writeThere(path: string, text: string): Promise<void> {
    const lines = admin.escapeLiteral(text.trimEnd())
    await admin.query(
      `COPY (SELECT string_to_table(${lines}, E'\\n')) TO ${admin.escapeLiteral(path)}`,
    )
  }

  /** @param hba who may come in besides `admin`, who did already */
  async function serveWith(
    { cert, key }: { cert: string; key: string },
    hba = 'host all all 127.0.0.1/32 scram-sha-256',
  ): Promise<void> {
    const { rows } = await admin.query(
      `SELECT current_setting('data_directory') AS data, current_setting('hba_file') AS hba`,
    )
    const at = (name: string) => join(rows[0].data, name)
    await writeThere(at('server.crt'), cert)
    await writeThere(at('server.key'), key)
    await chmod(at('server.key'), 0o600)
    await writeThere(at('ca.crt'), CERTIFICATES.ca)
    await writeThere(rows[0].hba, hba)
    await admin.query("ALTER SYSTEM SET ssl = 'on'")
    await admin.query("ALTER SYSTEM SET ssl_ca_file = 'ca.crt'")
    const before = await loadedAt()
    await admin.query('SELECT pg_reload_conf()')
    await until('the reload', async () => (await loadedAt()) !== before)
  }

  const loadedAt = async () =>
    (await admin.query('SELECT pg_conf_load_time()::text AS at')).rows[0].at as string

  /** As the options say it: of this server, by its parts. */
  function address(given: Readonly<Record<string, string>>): DatabaseAddress {
    const { port, password } = new URL(server.url)
    const parts = { 'database.port': port, 'database.password': password }
    return databaseAddress(resolveOptions(DATABASE_OPTIONS, { ...parts, ...given }, {}))
  }

  async function encrypted(to: DatabaseAddress): Promise<boolean> {
    const db = openDatabase({ ...to, applicationName: 'test', max: 1, log })
    try {
      const [row] = await db.query<{ ssl: boolean }>(
        'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()',
      )
      return row!.ssl
    } finally {
      await db.close()
    }
  }

  const refused = (code: string, says: RegExp) => (error: unknown) => {
    assert(error instanceof LedgerError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(`${error.message} | ${error.hint}`, says)
    assert.doesNotMatch(error.message, /\n/)
    return true
  }

  const verify = () => ({ 'database.tls': 'verify', 'database.tls_ca': files.ca })

  it('is not pretended: a server without it is reported, by the pool and by migrations', async () => {
    assert.equal(await encrypted(address({})), false)
    for (const mode of ['require', 'verify']) {
      const to = address({ 'database.tls': mode })
      await assert.rejects(
        encrypted(to),
        refused('ledger_untrusted', /does not support it.*ssl = on/),
      )
      await assert.rejects(migrate(to, { log }), refused('ledger_untrusted', /does not support it/))
    }
  })

  it('is used by pool, migrations and signals, and by a URL that says so', async () => {
    await serveWith(CERTIFICATES.server)
    for (const given of [verify(), { ...verify(), 'database.host': 'localhost' }]) {
      assert.equal(await encrypted(address(given)), true)
    }
    assert.equal(await encrypted(address({ 'database.tls': 'require' })), true)
    assert.equal(await encrypted(address({})), false)
    const url = `${server.url}?sslmode=verify-full&sslrootcert=${files.ca}`
    assert.equal(await encrypted({ url }), true)
    await migrate(address(verify()), { log })
    const signals = new JobSignals({ ...address(verify()), applicationName: 'tls-test', log })
    try {
      await until('signals', () => signals.isListening)
      const { rows } = await admin.query(
        `SELECT s.ssl FROM pg_stat_activity a JOIN pg_stat_ssl s USING (pid) WHERE application_name = 'tls-test-signals'`,
      )
      assert.deepEqual(rows, [{ ssl: true }])
    } finally {
      await signals.close()
    }
  })

  it('trusts nobody else', async () => {
    const wrong = { ...verify(), 'database.tls_ca': files.otherCa }
    await assert.rejects(encrypted(address(wrong)), refused('ledger_untrusted', /tls_ca/))
    await assert.rejects(migrate(address(wrong), { log }), refused('ledger_untrusted', /tls_ca/))
    const unknown = { 'database.tls': 'verify' }
    await assert.rejects(encrypted(address(unknown)), refused('ledger_untrusted', /tls_ca/))
    const url = `${server.url}?sslmode=verify-full`
    await assert.rejects(encrypted({ url }), refused('ledger_untrusted', /tls_ca/))
    // With an authority, `require` asks for its certificate too.
    const required = { 'database.tls': 'require', 'database.tls_ca': files.otherCa }
    await assert.rejects(encrypted(address(required)), refused('ledger_untrusted', /tls_ca/))

    await serveWith(CERTIFICATES.elsewhere)
    const name = refused('ledger_untrusted', /127\.0\.0\.1.*the name and the dates/s)
    await assert.rejects(encrypted(address(verify())), name)
    const byName = { ...verify(), 'database.host': 'localhost' }
    await assert.rejects(encrypted(address(byName)), refused('ledger_untrusted', /localhost/))
    assert.equal(await encrypted(address({ ...verify(), 'database.tls': 'require' })), true)

    await serveWith(CERTIFICATES.expired)
    await assert.rejects(
      encrypted(address(verify())),
      refused('ledger_untrusted', /certificate has expired.*dates/),
    )
  })

  it('shows a certificate of ours where the server wants one, and says so where it is missing', async () => {
    const hba = 'hostssl all all 127.0.0.1/32 scram-sha-256 clientcert=verify-ca'
    await serveWith(CERTIFICATES.server, hba)
    await assert.rejects(encrypted(address({})), refused('ledger_refused', /database\.tls verify/))
    await assert.rejects(
      encrypted(address(verify())),
      refused('ledger_refused', /certificate.*tls_cert/),
    )
    const { cert, key } = files.client
    const own = { 'database.tls_cert': cert, 'database.tls_key': key }
    assert.equal(await encrypted(address({ ...verify(), ...own })), true)
  })

  it('refuses files that can’t be used, and options that say two things, at the start', async () => {
    const bad = (given: Readonly<Record<string, string>>, says: RegExp) =>
      assert.throws(
        () => address(given),
        (error) =>
          error instanceof FractalError &&
          error.code === 'bad_option' &&
          says.test(`${error.message} | ${error.hint}`),
        String(says),
      )
    const junk = join(folder, 'junk.pem')
    await writeFile(junk, 'not a certificate')
    bad(
      { ...verify(), 'database.tls_ca': '/nowhere.pem' },
      /tls_ca: the file \/nowhere.pem.*ENOENT/,
    )
    bad({ ...verify(), 'database.tls_ca': junk }, /tls_ca: .*junk.pem.*no certificate/)
    bad(
      { ...verify(), 'database.tls_cert': files.client.cert },
      /tls_cert needs --database.tls_key/,
    )
    const mixed = { 'database.tls_cert': files.client.cert, 'database.tls_key': files.server.key }
    bad({ ...verify(), ...mixed }, /tls_cert: .*can't be used/)
    bad({ 'database.tls_ca': files.ca }, /tls_ca needs --database.tls \|/)
    bad(
      { ...verify(), 'database.url': `${server.url}?sslmode=require` },
      /the URL already says sslmode/,
    )
    bad({ 'database.tls': 'yes' }, /--database.tls/)
  })
})
