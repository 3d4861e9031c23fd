import assert from 'node:assert/strict'
import {
  bigintIn,
  booleanIn,
  type Cells,
  copiedRows,
  integerIn,
  textIn,
  unixUsIn,
  uuidIn,
} from '../../ledger/copied-rows.js'
import { LedgerError } from '../../ledger/errors.js'
import { useDatabase } from '../support/postgres.js'

interface Row {
  id: string
  name: string
  word: string | null
  yes: boolean
  small: number | null
  large: number
  atUs: number | null
}

const CELLS: Cells<Row> = {
  id: { sql: 'id', read: uuidIn },
  name: { sql: 'name', read: textIn },
  word: { sql: 'word', read: textIn, orNull: true },
  yes: { sql: 'yes', read: booleanIn },
  small: { sql: 'small', read: integerIn, orNull: true },
  large: { sql: 'large', read: bigintIn },
  atUs: { sql: 'at', read: unixUsIn, orNull: true },
}
const SELECTED = Object.values(CELLS).map(({ sql }) => sql)
const ID = '01234567-89ab-cdef-0123-456789abcdef'
const ODD = `a\tb\\N\n'é"\u{1f534}`

const invalid = (column: string) => new Error(`${column} is invalid`)

describe('ledger/copied-rows', () => {
  const database = useDatabase()
  const copied = async (source: string, params: (string | number)[] = []) => {
    const select = `SELECT ${SELECTED.join(', ')} FROM ${source}`
    return copiedRows(await database().db.tx((tx) => tx.copy(select, params)), CELLS, invalid)
  }
  /** One row, with an expression for a column. */
  const one = (given: Partial<Record<'id' | 'name' | 'small' | 'large' | 'at', string>> = {}) => {
    const of = {
      ...{ id: `'${ID}'::uuid`, name: `'x'`, small: '7', large: '1::bigint', at: 'now()' },
      ...given,
    }
    return `(SELECT ${of.id} AS id, ${of.name} AS name, NULL::text AS word, true AS yes, ${of.small} AS small,
      ${of.large} AS large, ${of.at} AS at) one`
  }

  it('are what was stored, to the microsecond and to 2^53, of any characters', async () => {
    const source = `(VALUES
      ('${ID}'::uuid, $1::text, $1::text, true, -2147483648, $2::bigint, '1999-12-31 23:59:59.999999+00'::timestamptz),
      ('${ID}', '', '', false, NULL, -$2, '2026-11-30 02:29:00.123457+00'),
      ('${ID}', $3, NULL, false, 0, 0, NULL)) given (id, name, word, yes, small, large, at)`
    const most = Number.MAX_SAFE_INTEGER
    assert.deepEqual(await copied(source, [ODD, most, '$1']), [
      {
        ...{ id: ID, name: ODD, word: ODD, yes: true, small: -(2 ** 31), large: most },
        atUs: 946_684_799_999_999,
      },
      {
        ...{ id: ID, name: '', word: null, yes: false, small: null, large: -most },
        atUs: 1_796_005_740_123_457,
      },
      { id: ID, name: '$1', word: null, yes: false, small: 0, large: 0, atUs: null },
    ])
    assert.deepEqual(await copied(`${one()} WHERE false`), [])
  })

  it('come whole, however many and long they are', async () => {
    const source = `(SELECT '${ID}'::uuid AS id, repeat(chr(97 + i % 26), i * 37 % 200000) AS name, NULL::text AS word,
      true AS yes, i AS small, i::bigint AS large, NULL::timestamptz AS at FROM generate_series(1, $1) i) many`
    const rows = await copied(source, [300])
    assert.deepEqual(
      rows.map(({ name }) => name),
      Array.from({ length: 300 }, (_, i) =>
        String.fromCharCode(97 + ((i + 1) % 26)).repeat(((i + 1) * 37) % 200000),
      ),
    )
    const many = await copied(source.replace('37', '0'), [50_000])
    assert.ok(many.every(({ small, large }, i) => small === i + 1 && large === i + 1))
    assert.equal(many.length, 50_000)
  })

  it('are refused where a cell is not what its column should have', async () => {
    for (const [column, given] of [
      ['large', { large: '9007199254740992::bigint' }],
      ['large', { large: '7' }],
      ['small', { small: '7::bigint' }],
      ['name', { name: 'NULL::text' }],
      ['id', { id: `'${ID}'` }],
      ['atUs', { at: `'infinity'::timestamptz` }],
    ] as const) {
      await assert.rejects(copied(one(given)), new RegExp(`^Error: ${column} is invalid`), column)
    }
    const { db } = database()
    const bytes = await db.tx((tx) => tx.copy('SELECT 1'))
    assert.throws(() => copiedRows(bytes, CELLS, invalid), /number of columns/)
    assert.throws(() => copiedRows(Buffer.from('1'), CELLS, invalid), /signature/)
  })

  it('see the snapshot that they are copied in', async () => {
    const { db } = database()
    await db.execute('CREATE TABLE copied (a integer)')
    const count = (tx: Parameters<Parameters<typeof db.tx>[0]>[0]) =>
      tx
        .copy('SELECT a FROM copied')
        .then((bytes) =>
          copiedRows<{ a: number }>(bytes, { a: { sql: 'a', read: integerIn } }, invalid),
        )
    await db.snapshot(async (tx) => {
      assert.deepEqual(await count(tx), [])
      await db.execute('INSERT INTO copied VALUES (1)')
      assert.deepEqual(await count(tx), [])
    })
    assert.deepEqual(await db.snapshot(count), [{ a: 1 }])
  })

  it('fail as any statement does, also halfway, and leave a connection that works', async () => {
    const { db } = database()
    const failing = (select: string, code: string) =>
      assert.rejects(
        db.tx((tx) => tx.copy(select)),
        (error) => error instanceof LedgerError && error.code === code,
        select,
      )
    await failing('SELECT nothing', 'ledger_newer')
    await failing('SELECT 1 / (i - 90000) FROM generate_series(1, 100000) i', 'ledger_query_failed')
    await failing(
      `SELECT CASE WHEN i = 90000 THEN pg_terminate_backend(pg_backend_pid()) END FROM generate_series(1, 100000) i`,
      'ledger_unavailable',
    )
    assert.deepEqual(await db.query('SELECT 1 AS one'), [{ one: 1 }])
    await assert.rejects(
      db.tx((tx) => tx.copy('SELECT $1', [0.5])),
      TypeError,
    )
  })
})
