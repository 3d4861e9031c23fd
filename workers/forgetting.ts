import type { Queryable } from '../ledger/database.js'
import { deleteOldIdempotencyKeys } from '../ledger/idempotency.js'
import { deleteOldEvents } from '../ledger/webhook-deliveries.js'

/** Events are kept to be looked at for so long. */
const KEPT_DAYS = 30
const EVERY_MS = 3_600_000
/** Rows a statement: a backlog takes more statements, not one that never ends in time. */
const AT_ONCE = 1_000

/** Deletes what nobody asks for any more, once an hour; what failed is due at once. */
export class Forgetting {
  readonly #db: Queryable
  readonly #now: () => number
  readonly #atOnce: number
  #doneAt = Number.NEGATIVE_INFINITY

  constructor(db: Queryable, now: () => number, atOnce = AT_ONCE) {
    this.#db = db
    this.#now = now
    this.#atOnce = atOnce
  }

  /** @throws LedgerError */
  async whenDue(): Promise<void> {
    if (this.#now() - this.#doneAt < EVERY_MS) return
    await this.#all((most) => deleteOldEvents(this.#db, KEPT_DAYS, most))
    await this.#all((most) => deleteOldIdempotencyKeys(this.#db, most))
    this.#doneAt = this.#now()
  }

  async #all(deleteSome: (most: number) => Promise<number>): Promise<void> {
    while ((await deleteSome(this.#atOnce)) === this.#atOnce);
  }
}
