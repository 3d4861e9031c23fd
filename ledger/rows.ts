function camel(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

/** Converts rows in array mode to objects, with the column names in camelCase. */
export function camelRow<R>(columns: string[], rows: unknown[][]): R[] {
  const names = columns.map(camel)
  // A plain loop, because it runs for each row of each query: half the time of Object.fromEntries.
  return rows.map((cells) => {
    const row: Record<string, unknown> = {}
    for (let i = 0; i < names.length; i += 1) row[names[i]!] = cells[i]
    return row as R
  })
}

function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Characters that Postgres does not store in text: NUL, and lone surrogates. */
const UNSTORABLE = /\0|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/**
 * Untrusted text (such as a prover's error message) must not make a whole batch fail: what Postgres rejects
 * becomes U+FFFD. Bodies and frames are bytes and are left unchanged.
 */
function storable(cell: unknown): unknown {
  return typeof cell === 'string' ? cell.replace(UNSTORABLE, '\ufffd') : cell
}

/** The columns of a batch: a member's camelCase name and its Postgres type. */
export type Columns<R> = { readonly [K in keyof R]?: string }

/** A batch as one array per column: the statement's text does not depend on the number of rows. */
export interface Batch {
  /** Column names, comma separated. */
  names: string
  /** `unnest(...) AS r(...)`, for a FROM clause. */
  source: string
  params: unknown[]
}

/**
 * A batch of rows as `unnest` of arrays.
 * @param first number of the batch's first parameter in the statement
 */
export function batch<R>(columns: Columns<R>, rows: readonly R[], first: number): Batch {
  const entries = Object.entries(columns) as [keyof R & string, string][]
  const names = entries.map(([name]) => snake(name)).join(', ')
  const casts = entries.map(([, type], i) => `$${first + i}::${type}[]`).join(', ')
  const value = (type: string, cell: unknown) =>
    type === 'jsonb' && cell !== null && cell !== undefined
      ? JSON.stringify(cell, (_, member) => storable(member))
      : storable(cell)
  return {
    names,
    source: `unnest(${casts}) AS r(${names})`,
    params: entries.map(([name, type]) => rows.map((row) => value(type, row[name]))),
  }
}

/** Which rows a statement finds by their ids. */
export interface Given {
  /** `= $1`, or `= ANY ($1)`, for after the column. */
  readonly condition: string
  readonly param: unknown
  /** The options of a statement that finds nothing else than these and what they name, by keys: one id's is planned once. */
  prepared(name: string): { readonly prepare?: string }
}

/**
 * One id is looked for by itself, which costs as much to plan as to execute, and whose plan stays right; several as an
 * array, whose plan depends on how many they are.
 * @param at number of the parameter in the statement
 */
export function givenOf(ids: readonly string[], at: number): Given {
  return ids.length === 1
    ? { condition: `= $${at}`, param: ids[0], prepared: (prepare) => ({ prepare }) }
    : { condition: `= ANY ($${at})`, param: ids, prepared: () => ({}) }
}

/** The first row, or null. */
export function firstOrNull<R>(rows: R[]): R | null {
  return rows[0] ?? null
}
