import type { Queryable } from '../../ledger/database.js'
import { type CertificateRow, currentCertificates } from '../../ledger/judging/certificates.js'
import {
  type RoutingChanges,
  type RoutingCursor,
  type RoutingRow,
  routingChanges,
} from '../../ledger/provers/routing-changes.js'
import type { VerifierId } from '../../ledger/verifier-id.js'
import { blockRange } from '../../rules/interval-time.js'
import { declaredGpus } from '../../rules/plan/room.js'
import type { CertifiedTimes } from '../../rules/routing/deadlines.js'
import {
  type NoRoute,
  type Random,
  type Routable,
  type Route,
  RouteTable,
} from '../../rules/routing/route-table.js'

/** A pick that has not become an attempt in the ledger after this time never will. */
const RESERVED_MS = 5_000

export interface RoutedProver {
  readonly prover: RoutingRow
  /** floor(µs · 10^6 / work) of its determinism class; null if that is not certified. */
  readonly certifiedUsPerWork: number | null
  /** What deadlines are made from: the interval's plan, as for checks, or its class where no plan says. */
  readonly deadlineTimes: CertifiedTimes
  /** The range of blocks that requests count in now. */
  readonly range: number
}

/**
 * The router's table, kept in sync with the ledger. Each pick reads what has changed since the previous one,
 * by any process, so its cost depends neither on the number of provers nor on that of requests.
 */
export class ProverRoutes {
  #table = new RouteTable()
  readonly #rows = new Map<string, RoutingRow>()
  #certified: ReadonlyMap<string, CertifiedTimes> = new Map()
  #cursor: RoutingCursor | null = null
  #range = 0
  #anySettled = false
  #planned: CertifiedTimes | null = null
  #nowMs = 0
  #reading: Promise<unknown> = Promise.resolve()
  #next: Promise<void> | null = null

  constructor(
    private readonly db: Queryable,
    private readonly id: VerifierId,
  ) {}

  /**
   * Picks a prover, and reserves a place until the attempt is stored.
   * @param block the chain's newest
   * @param exclude hotkeys that the request must not go to
   * @param read what `read` returned since the request came in, where that was called ahead
   */
  async pick(
    block: number,
    exclude: readonly string[],
    random: Random,
    read: Promise<void> = this.read(block),
  ): Promise<(Route & RoutedProver) | NoRoute> {
    await read
    const route = this.#table.pick(exclude, random)
    if (route.hotkey === null) return route
    const prover = this.#rows.get(route.hotkey)!
    const certified = this.#certified.get(prover.determinismClass) ?? UNCERTIFIED
    this.#reserve(route.hotkey)
    return {
      ...route,
      prover,
      certifiedUsPerWork: certified.certifiedUsPerWork,
      // As checks have them, whatever the class and whatever was certified since: else they would tell which is which.
      deadlineTimes: this.#planned ?? certified,
      range: this.#range,
    }
  }

  /**
   * The provers that a user's request might go to at this moment.
   * @param block the chain's newest
   */
  async among(block: number, random: Random): Promise<Routable> {
    await this.read(block)
    return this.#table.among(random)
  }

  /** Reserves a place at each prover, for requests that are about to be stored. */
  hold(hotkeys: readonly string[]): void {
    for (const hotkey of hotkeys) if (this.#table.get(hotkey) !== null) this.#reserve(hotkey)
  }

  /**
   * The ledger's row replaces this reservation: it is read with the next pick, once the attempt is stored.
   */
  #reserve(hotkey: string): void {
    const facts = this.#table.get(hotkey)!
    const reserved = { askedMs: this.#nowMs, untilMs: this.#nowMs + RESERVED_MS }
    this.#table.set({ ...facts, openRequests: [...facts.openRequests, reserved] })
  }

  /**
   * Reads what has changed. A read in progress may miss what was written just now, so all callers in the meantime
   * share the next one.
   * @param block the chain's newest
   */
  read(block: number): Promise<void> {
    this.#next ??= this.#reading
      .catch(() => undefined)
      .then(() => {
        this.#next = null
        const read = this.#read(block)
        this.#reading = read
        return read
      })
    return this.#next
  }

  async #read(block: number): Promise<void> {
    const [certificates, changes] = await Promise.all([
      currentCertificates(this.db),
      routingChanges(this.db, this.id, this.#cursor),
    ])
    const certified = new Map(certificates.map((row) => [row.determinismClass, timesOf(row)]))
    const isSameClasses =
      certified.size === this.#certified.size &&
      [...certified].every(
        ([name, { certifiedUsPerWork }]) =>
          this.#certified.get(name)?.certifiedUsPerWork === certifiedUsPerWork,
      )
    this.#certified = certified
    if (changes.cursor.n !== this.#cursor?.n) {
      this.#table = new RouteTable()
      this.#rows.clear()
    }
    this.#cursor = changes.cursor
    this.#nowMs = changes.nowMs
    this.#range = rangeOf(changes, block)
    this.#table.advance({ ms: this.#nowMs, range: this.#range })
    this.#anySettled = changes.anySettled
    this.#planned = plannedTimes(changes)
    for (const row of changes.rows) this.#rows.set(row.hotkey, row)
    for (const row of isSameClasses ? changes.rows : this.#rows.values()) this.#set(row)
  }

  #set(row: RoutingRow): void {
    if (!row.routable) {
      this.#table.delete(row.hotkey)
      return
    }
    this.#table.set({
      ...row,
      gpus: declaredGpus(row.capacity),
      // Before the first settlement every prover counts as what it declares; after that, a newcomer counts as 0.
      provenPpm: row.provenPpm ?? (this.#anySettled ? 0 : null),
      certifiedUsPerWork: this.#certified.get(row.determinismClass)?.certifiedUsPerWork ?? null,
    })
  }
}

const UNCERTIFIED: CertifiedTimes = { certifiedUsPerWork: null, certifiedColdUs: 0 }

function timesOf({ usPerWork, coldUs }: CertificateRow): CertifiedTimes {
  return { certifiedUsPerWork: usPerWork, certifiedColdUs: coldUs ?? 0 }
}

function plannedTimes({ planUsPerWork, planColdUs }: RoutingChanges): CertifiedTimes | null {
  if (planUsPerWork === null) return null
  return { certifiedUsPerWork: planUsPerWork, certifiedColdUs: planColdUs ?? 0 }
}

/** Limits are counted by the chain's blocks, whether or not a verifier runs. */
function rangeOf({ newest }: RoutingChanges, block: number): number {
  return newest === null ? 0 : blockRange(newest, block)
}
