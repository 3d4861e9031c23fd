/**
 * A column of rows that are copied: what selects it, and how its bytes in PostgreSQL's binary form are read; undefined if
 * they are invalid. Null, as is '', where the member may be null.
 */
type Cell<T> = {
  readonly sql: string
  read(bytes: Buffer, from: number, to: number): NonNullable<T> | undefined
} & (null extends T ? { readonly orNull: true } : { readonly orNull?: never })

export type Cells<R> = { readonly [K in keyof R]: Cell<R[K]> }

const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1')
/** After the signature: flags, and the length of an extension, which nothing uses. */
const HEADER_BYTES = SIGNATURE.length + 8
/** Instead of a row's number of columns, after the last. */
const END = -1
/** 2000-01-01, from which PostgreSQL counts. */
const EPOCH_US = 946_684_800_000_000n

/**
 * The rows of COPY in binary, which are the cheapest to make for PostgreSQL: nothing is written as text.
 * @param cells in the order in which they were selected
 * @param invalid the error for an invalid cell of a column
 */
export function copiedRows<R>(
  bytes: Buffer,
  cells: Cells<R>,
  invalid: (column: string) => Error,
): R[] {
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) throw invalid('signature')
  const columns = Object.entries(cells) as [string, Cell<unknown>][]
  // Of an object that gets so many members one by one V8 makes a table, which is slow to work with.
  const blank = Object.fromEntries(columns.map(([name]) => [name, null as unknown]))
  const rows: R[] = []
  let at = HEADER_BYTES
  for (;;) {
    const count = bytes.readInt16BE(at)
    at += 2
    if (count === END) return rows
    if (count !== columns.length) throw invalid(`number of columns (${count})`)
    const row = { ...blank }
    for (const [name, cell] of columns) {
      const length = bytes.readInt32BE(at)
      const from = at + 4
      at = from + Math.max(0, length)
      if (length <= 0 && cell.orNull) row[name] = null
      else if (length < 0) throw invalid(name)
      else row[name] = cell.read(bytes, from, at) ?? fail(invalid(name))
    }
    rows.push(row as R)
  }
}

function fail(error: Error): never {
  throw error
}

export function textIn(bytes: Buffer, from: number, to: number): string {
  return bytes.toString('utf8', from, to)
}

export function booleanIn(bytes: Buffer, from: number, to: number): boolean | undefined {
  return to - from === 1 ? bytes[from] === 1 : undefined
}

export function integerIn(bytes: Buffer, from: number, to: number): number | undefined {
  return to - from === 4 ? bytes.readInt32BE(from) : undefined
}

/** Undefined beyond 2^53. */
export function bigintIn(bytes: Buffer, from: number, to: number): number | undefined {
  return to - from === 8 ? safe(bytes.readBigInt64BE(from)) : undefined
}

export function uuidIn(bytes: Buffer, from: number, to: number): string | undefined {
  if (to - from !== 16) return undefined
  const hex = bytes.toString('hex', from, to)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Microseconds of Unix time of a timestamptz: exactly what is stored. */
export function unixUsIn(bytes: Buffer, from: number, to: number): number | undefined {
  return to - from === 8 ? safe(bytes.readBigInt64BE(from) + EPOCH_US) : undefined
}

function safe(value: bigint): number | undefined {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : undefined
}
