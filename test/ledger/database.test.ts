import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { createLog } from '../../base/log.js'
import { openDatabase, type Queryable } from '../../ledger/database.js'
import { LedgerError, toLedgerError } from '../../ledger/errors.js'
import { useDatabase } from '../support/postgres.js'

const log = createLog('test', 'silent')

const unavailable = (error: unknown) =>
  error instanceof LedgerError && error.code === 'ledger_unavailable' && error.retryable

describe('ledger/database', () => {
  const database = useDatabase()

  it('gives columns in camelCase, bigint as numbers, bytea as buffers', async () => {
    const [row] = await database().db.query(
      `SELECT 9007199254740991::bigint AS last_safe_number, '\\x0102'::bytea AS some_bytes, NULL::text AS frames_sha256,
         ARRAY[1, 2] AS uids, '{"aB":[1]}'::jsonb AS detail`,
    )
    assert.deepEqual(row, {
      lastSafeNumber: Number.MAX_SAFE_INTEGER,
      someBytes: Buffer.from([1, 2]),
      framesSha256: null,
      uids: [1, 2],
      detail: { aB: [1] },
    })
  })

  it('refuses a bigint that a number cannot hold', async () => {
    await assert.rejects(database().db.query('SELECT 9007199254740992::bigint'), /beyond 2\^53/)
    assert.deepEqual(await database().db.query('SELECT 1 AS one'), [{ one: 1 }])
  })

  it('rolls a transaction back when it throws, and passes the error on', async () => {
    const { db } = database()
    await db.execute('CREATE TABLE kept (a integer)')
    const mine = new Error('mine')
    await assert.rejects(
      db.tx(async (tx) => {
        await tx.execute('INSERT INTO kept VALUES (1)')
        throw mine
      }),
      (error) => error === mine,
    )
    assert.deepEqual(await db.query('SELECT a FROM kept'), [])
  })

  it('a snapshot sees one state of the ledger, and changes nothing', async () => {
    const { db } = database()
    await db.execute('CREATE TABLE seen (a integer)')
    const count = async (of: Queryable) => (await of.query('SELECT a FROM seen')).length
    await db.snapshot(async (tx) => {
      assert.equal(await count(tx), 0)
      await db.execute('INSERT INTO seen VALUES (1)')
      assert.equal(await count(tx), 0)
    })
    assert.equal(await count(db), 1)
    await assert.rejects(
      db.snapshot((tx) => tx.execute('INSERT INTO seen VALUES (2)')),
      /read-only transaction/,
    )
    assert.equal(await count(db), 1)
  })

  it('says that Postgres is not available when nobody listens', async () => {
    const db = openDatabase({
      url: 'postgres://fractal@127.0.0.1:1/fractal',
      applicationName: 'test',
      max: 1,
      log,
    })
    await assert.rejects(db.query('SELECT 1'), unavailable)
    await assert.rejects(
      db.tx((tx) => tx.query('SELECT 1')),
      unavailable,
    )
    await db.close()
  })

  it('says so too when the other side hangs up immediately', async () => {
    const server = createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    assert(address !== null && typeof address === 'object')
    const db = openDatabase({
      url: `postgres://fractal@127.0.0.1:${address.port}/fractal`,
      applicationName: 'test',
      max: 1,
      log,
    })
    await assert.rejects(db.query('SELECT 1'), unavailable)
    await db.close()
    await new Promise((resolve) => server.close(resolve))
  })

  it('says that a database name or password is wrong, which no retry helps', async () => {
    const url = new URL(database().url)
    url.pathname = '/no_such_database'
    const db = openDatabase({ url: url.href, applicationName: 'test', max: 1, log })
    await assert.rejects(
      db.query('SELECT 1'),
      (error) =>
        error instanceof LedgerError && error.code === 'ledger_refused' && !error.retryable,
    )
    await db.close()
  })

  it('lives on when a backend is killed: idle, waiting, and inside a transaction', async () => {
    const { db, url } = database()
    const victim = openDatabase({ url, applicationName: 'victim', max: 1, log })
    const pidOf = async () =>
      (await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'))[0]!.pid
    // pg_terminate_backend with a timeout returns once the backend is gone.
    const kill = (pid: number) => db.query('SELECT pg_terminate_backend($1, 5000)', [pid])

    const idle = await pidOf()
    await kill(idle)
    // The pool may notice now or with the next query; the one after that works.
    await victim.query('SELECT 1').catch((error) => assert(unavailable(error)))
    assert.notEqual(await pidOf(), idle)

    const busy = await pidOf()
    const sleeping = assert.rejects(victim.query('SELECT pg_sleep(20)'), unavailable)
    await kill(busy)
    await sleeping
    assert.notEqual(await pidOf(), busy)

    await assert.rejects(
      victim.tx(async (tx) => {
        const [mine] = await tx.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
        await kill(mine!.pid)
        // Between two queries: the dead connection is noticed while the transaction does something else.
        await new Promise((resolve) => setImmediate(resolve))
        await tx.query('SELECT 1')
      }),
      unavailable,
    )
    assert.deepEqual(await victim.query('SELECT 1 AS one'), [{ one: 1 }])
    await victim.close()
  })

  it('knows which failures pass by', () => {
    const withCode = (code: string) => Object.assign(new Error('x'), { code })
    const codeOf = (error: unknown) => {
      const ours = toLedgerError(error)
      return ours instanceof LedgerError ? `${ours.code} ${ours.retryable}` : 'not ours'
    }
    assert.equal(codeOf(withCode('57P03')), 'ledger_unavailable true')
    assert.equal(codeOf(withCode('08006')), 'ledger_unavailable true')
    assert.equal(codeOf(withCode('57014')), 'ledger_unavailable true')
    assert.equal(codeOf(withCode('53300')), 'ledger_unavailable true')
    assert.equal(codeOf(withCode('ENOTFOUND')), 'ledger_unavailable true')
    assert.equal(
      codeOf(new Error('timeout exceeded when trying to connect')),
      'ledger_unavailable true',
    )
    assert.equal(codeOf(withCode('40P01')), 'ledger_conflict true')
    assert.equal(codeOf(withCode('23505')), 'ledger_query_failed false')
    assert.equal(codeOf(withCode('42703')), 'ledger_newer true')
    assert.equal(codeOf(new TypeError('a bug')), 'not ours')
  })
})
