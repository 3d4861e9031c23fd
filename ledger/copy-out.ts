import pg from 'pg'

const FIRST_BYTES = 1 << 20

/** COPY … TO STDOUT, which pg has no query for: its client gives each message of it to the query that runs. */
class CopyOut extends pg.Query {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  /** All that came so far, in one piece. */
  get copied(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  /** Called by pg. A message lies in the connection's buffer, which is written over by the next ones. */
  handleCopyData({ chunk }: { chunk: Buffer }): void {
    const length = this.#length + chunk.length
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, length))
      this.#bytes.copy(larger, 0, 0, this.#length)
      this.#bytes = larger
    }
    chunk.copy(this.#bytes, this.#length)
    this.#length = length
  }
}

/**
 * Runs `COPY (select) TO STDOUT` in binary. It takes no parameters: those of `select` are written into it, as literals.
 * @param params for `$1` and so on
 */
export function copyOut(
  client: pg.ClientBase,
  select: string,
  params: readonly (string | number)[],
): Promise<Buffer> {
  const text = select.replace(/\$(\d+)/g, (_, at: string) => literal(params[Number(at) - 1]))
  return new Promise((resolve, reject) => {
    const copy = new CopyOut(`COPY (${text}) TO STDOUT (FORMAT binary)`, (error) =>
      error ? reject(error) : resolve(copy.copied),
    )
    client.query(copy)
  })
}

function literal(value: string | number | undefined): string {
  if (typeof value === 'string') return pg.escapeLiteral(value)
  // In brackets: two minus signs begin a comment.
  if (Number.isSafeInteger(value)) return `(${value})`
  throw new TypeError(`${value} can't be a literal`)
}
