import { z } from 'zod'
import type { Queryable, StatementOptions } from './database.js'
import { LedgerError } from './errors.js'

/** Queries rows that have JSON columns; `More` types any columns that a statement adds. */
export type QueryRows<R> = <More = unknown>(
  db: Queryable,
  sql: string,
  params?: unknown[],
  options?: StatementOptions,
) => Promise<(R & More)[]>

/** An object whose members no code here relies on: it is only shown, or hashed into a record. */
export const jsonObject = z.record(z.string(), z.unknown())

/**
 * A query for rows with JSON columns, validated by their schemas. JSON may have been written by another
 * version, or edited by hand: what does not match its schema must not be trusted, least of all where it
 * decides who is paid.
 * @param table with `keyOf`, names a row in errors
 * @returns a function that throws LedgerError `row_invalid` for the first invalid row
 */
export function jsonRows<R>(
  table: string,
  keyOf: (row: R) => string | number,
  schemas: { readonly [Column in keyof R]?: z.ZodType<R[Column]> },
): QueryRows<R> {
  const columns = Object.entries(schemas) as [keyof R & string, z.ZodType][]
  return async <More>(
    db: Queryable,
    sql: string,
    params?: unknown[],
    options?: StatementOptions,
  ) => {
    const rows = await db.query<R & More>(sql, params, options)
    return rows.map((row) => {
      const read: Record<string, unknown> = {}
      for (const [column, schema] of columns) {
        const parsed = schema.safeParse(row[column])
        if (!parsed.success) throw invalid(table, keyOf(row), column, parsed.error)
        read[column] = parsed.data
      }
      return { ...row, ...read }
    })
  }
}

/** The message names members and rules, never values, which may be prompts. */
function invalid(table: string, key: string | number, column: string, error: z.ZodError) {
  const [issue] = error.issues
  const member = [column, ...(issue?.path ?? [])].join('.')
  return new LedgerError(
    'row_invalid',
    `${table} ${key}: ${member} is invalid: ${issue?.message}`,
    {
      hint: 'Written by another version, or changed by hand: correct it in the database.',
      details: { table, key, column },
      cause: error,
    },
  )
}
