import pg from 'pg'
import type { Log } from '../base/log.js'
import type { DatabaseAddress } from '../base/options/database-address.js'
import { copyOut } from './copy-out.js'
import { toLedgerError } from './errors.js'
import { camelRow } from './rows.js'

export interface StatementOptions {
  /**
   * A name that only this statement has: each connection plans it once. For statements that run all the time, cost
   * as much to plan as to execute, and find their rows by a key: whose plan stays right as the tables grow.
   */
  readonly prepare?: string
}

/** Anything that runs SQL: the pool, or one transaction. Columns come back in camelCase. */
export interface Queryable {
  /** @throws LedgerError */
  query<R>(sql: string, params?: unknown[], options?: StatementOptions): Promise<R[]>
  /** Returns the number of rows written. @throws LedgerError */
  execute(sql: string, params?: unknown[], options?: StatementOptions): Promise<number>
}

/** One transaction. The extra member keeps a pool from type-checking where a transaction is needed. */
export interface Tx extends Queryable {
  readonly inTransaction: true
  /** The rows of a select, by COPY in binary (`copied-rows.ts`): for tens of thousands. @throws LedgerError */
  copy(select: string, params?: readonly (string | number)[]): Promise<Buffer>
}

export interface Database extends Queryable {
  /** Runs `fn` in one transaction; rolled back when it throws. @throws LedgerError */
  tx<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  /**
   * The same, but it can only read, and all its statements see the ledger as it was at the first of them, whatever is
   * committed meanwhile. It blocks nobody. @throws LedgerError
   */
  snapshot<T>(fn: (tx: Tx) => Promise<T>): Promise<T>
  close(): Promise<void>
}

export interface DatabaseOptions extends DatabaseAddress {
  /** Shown in pg_stat_activity. */
  applicationName: string
  /** Maximum number of connections. */
  max: number
  log: Log
}

const CONNECT_TIMEOUT_MS = 5_000
const STATEMENT_TIMEOUT_MS = 30_000
/** Longer than the statement timeout: it only fires when the server does not answer at all. */
const QUERY_TIMEOUT_MS = 35_000
/** A process that hangs inside a transaction must not hold its locks forever. */
const IDLE_IN_TRANSACTION_MS = 60_000

const INT8_OID = 20

function int8(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} is beyond 2^53`)
  return value
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === INT8_OID ? int8 : pg.types.getTypeParser(oid, format),
}

function queryable(source: pg.Pool | pg.PoolClient): Queryable {
  const run = async (
    sql: string,
    params: unknown[],
    name?: string,
  ): Promise<pg.QueryArrayResult<unknown[]>> => {
    try {
      return await source.query<unknown[]>({ name, text: sql, values: params, rowMode: 'array' })
    } catch (error) {
      throw toLedgerError(error)
    }
  }
  return {
    query: async <R>(sql: string, params: unknown[] = [], options: StatementOptions = {}) => {
      const { fields, rows } = await run(sql, params, options.prepare)
      return camelRow<R>(
        fields.map((field) => field.name),
        rows,
      )
    },
    execute: async (sql, params = [], options = {}) =>
      (await run(sql, params, options.prepare)).rowCount ?? 0,
  }
}

/**
 * Opens a pool of connections. It connects at the first query, so a Postgres that is down causes
 * `ledger_unavailable` there and never crashes the process.
 */
export function openDatabase({ url, tls, applicationName, max, log }: DatabaseOptions): Database {
  const pool = new pg.Pool({
    connectionString: url,
    ssl: tls,
    application_name: applicationName,
    max,
    types,
    keepAlive: true,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  })
  const lost = (error: Error) => log.warn({ reason: error.message }, 'lost a ledger connection')
  pool.on('error', lost)
  // The pool listens for errors only while a client is idle: one that dies inside a transaction, between two
  // queries, would otherwise crash the process. The next query reports it.
  pool.on('connect', (client) => client.on('error', () => {}))

  const checkOut = async (): Promise<pg.PoolClient> => {
    try {
      return await pool.connect()
    } catch (error) {
      throw toLedgerError(error)
    }
  }

  const transaction = async <T>(begin: string, fn: (tx: Tx) => Promise<T>): Promise<T> => {
    const client = await checkOut()
    const copy: Tx['copy'] = async (select, params = []) => {
      try {
        return await copyOut(client, select, params)
      } catch (error) {
        throw toLedgerError(error)
      }
    }
    const tx: Tx = { ...queryable(client), copy, inTransaction: true }
    try {
      await tx.execute(begin)
      const result = await fn(tx)
      await tx.execute('COMMIT')
      client.release()
      return result
    } catch (error) {
      const healthy = await tx.execute('ROLLBACK').then(
        () => true,
        () => false,
      )
      client.release(!healthy)
      throw toLedgerError(error)
    }
  }

  return {
    ...queryable(pool),
    tx: (fn) => transaction('BEGIN', fn),
    snapshot: (fn) => transaction('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', fn),
    close: () => pool.end(),
  }
}
