import { EXPLORE_PPM, ONE_PPM, TIER_REQUEST_LIMIT } from '../constants.js'
import type { Tier } from '../tiers.js'
import { DueTimes } from './due-times.js'
import type { RouteFacts, RouteMoment } from './route-facts.js'
import { RoutePool } from './route-pool.js'
import { type RouteState, routeState } from './route-state.js'

export interface Route {
  readonly hotkey: string
  /** Chosen to learn about it, not because it is the best. */
  readonly explored: boolean
}

/** Nobody can take the request now. */
export interface NoRoute {
  readonly hotkey: null
  /** Milliseconds until the first of those that are only left alone may be asked; null when there are none. */
  readonly freeInMs: number | null
}

/** @returns a whole number from 0 and below `below`, each as likely */
export type Random = (below: number) => number

const NEVER = Number.POSITIVE_INFINITY

interface Group {
  readonly measured: RoutePool
  readonly unknown: RoutePool
}

const newGroup = (): Group => ({ measured: new RoutePool(), unknown: new RoutePool() })

/**
 * Who gets users' requests: provers as they are known, kept up as facts change, so that a pick costs much
 * the same among 10 of them and 4,000.
 *
 * A pick draws among those whose expected completion is within 1.25 of the soonest, weighted by free proven
 * capacity and tier factor, so that equals get equal shares; 5 % explore Bronze and provers without fresh
 * measurements. A last resort is asked only where nobody else has room.
 */
export class RouteTable {
  readonly #places = new Map<string, number>()
  readonly #facts: (RouteFacts | null)[] = []
  readonly #hotkeys: string[] = []
  readonly #matching = newGroup()
  readonly #lastResort = newGroup()
  readonly #changes = new DueTimes()
  /** When those that are neither full nor a last resort, and not refusing, end their pause. */
  readonly #pauses = new DueTimes()
  /** When all others that are only left alone may be asked. */
  readonly #waits = new DueTimes()
  #now: RouteMoment = { ms: 0, range: 0 }

  constructor(private readonly tierLimits: Readonly<Record<Tier, number>> = TIER_REQUEST_LIMIT) {}

  /** A prover's facts, new or changed. */
  set(facts: RouteFacts): void {
    let place = this.#places.get(facts.hotkey)
    if (place === undefined) {
      place = this.#hotkeys.push(facts.hotkey) - 1
      this.#places.set(facts.hotkey, place)
    }
    this.#facts[place] = facts
    this.#place(place)
  }

  get(hotkey: string): RouteFacts | null {
    const place = this.#places.get(hotkey)
    return place === undefined ? null : this.#facts[place]!
  }

  /** It takes no users' requests any more. */
  delete(hotkey: string): void {
    const place = this.#places.get(hotkey)
    if (place === undefined) return
    this.#facts[place] = null
    this.#place(place)
  }

  /** To be called before facts of that moment are set, and before a pick. */
  advance(now: RouteMoment): void {
    const before = this.#now
    this.#now = now
    if (now.range !== before.range || now.ms < before.ms) {
      for (let place = 0; place < this.#facts.length; place += 1) this.#place(place)
    } else {
      for (const place of this.#changes.due(now.ms)) this.#place(place)
    }
  }

  /** @param exclude hotkeys that the request must not go to */
  pick(exclude: readonly string[], random: Random): Route | NoRoute {
    const excluded = exclude.flatMap((hotkey) => this.#places.get(hotkey) ?? [])
    for (const place of excluded) this.#put(place, null)
    const picked = this.#pick(random)
    for (const place of excluded) this.#place(place)
    return picked
  }

  /**
   * Among whom a pick of this moment would draw, exploring or not.
   * @returns empty: nobody whose determinism class is the verifier's and who is not left alone has room
   */
  among(random: Random): string[] {
    const explored = this.#explores(this.#matching, random)
    const pool = explored ? this.#matching.unknown : this.#matching.measured
    return pool.near().map((place) => this.#hotkeys[place]!)
  }

  #pick(random: Random): Route | NoRoute {
    const matching = this.#draw(this.#matching, random)
    if (matching !== null) return matching
    // It is back within two seconds: better than a prover that was caught.
    const pauseEnds = this.#pauses.soonest()
    if (pauseEnds !== NEVER) {
      return { hotkey: null, freeInMs: pauseEnds - this.#now.ms }
    }
    const lastResort = this.#draw(this.#lastResort, random)
    if (lastResort !== null) return lastResort
    const waitEnds = this.#waits.soonest()
    const waits = waitEnds !== NEVER
    return { hotkey: null, freeInMs: waits ? waitEnds - this.#now.ms : null }
  }

  #explores({ measured, unknown }: Group, random: Random): boolean {
    return !unknown.isEmpty && (measured.isEmpty || random(ONE_PPM) < EXPLORE_PPM)
  }

  #draw(group: Group, random: Random): Route | null {
    const explored = this.#explores(group, random)
    const place = (explored ? group.unknown : group.measured).draw(random)
    return place === null ? null : { hotkey: this.#hotkeys[place]!, explored }
  }

  #place(place: number): void {
    const facts = this.#facts[place]!
    this.#put(place, facts === null ? null : routeState(facts, this.#now, this.tierLimits))
  }

  #put(place: number, state: RouteState | null): void {
    const able = state?.isAble ? state : null
    const { refusedUntilMs, pausedUntilMs } = able ?? { refusedUntilMs: null, pausedUntilMs: null }
    const isLeftAlone = refusedUntilMs !== null || pausedUntilMs !== null
    const asked = isLeftAlone ? null : able
    const isLastResort = able?.isLastResort ?? false
    this.#putIn(this.#matching, place, isLastResort ? null : asked)
    this.#putIn(this.#lastResort, place, isLastResort ? asked : null)
    const freeAtMs = isLeftAlone ? Math.max(refusedUntilMs ?? 0, pausedUntilMs ?? 0) : NEVER
    const isOnlyPaused = refusedUntilMs === null && !isLastResort
    this.#pauses.set(place, isOnlyPaused ? freeAtMs : NEVER)
    this.#waits.set(place, isOnlyPaused ? NEVER : freeAtMs)
    this.#changes.set(place, state?.changesAtMs ?? NEVER)
  }

  #putIn({ measured, unknown }: Group, place: number, state: RouteState | null): void {
    measured.set(place, state?.completion ?? null, state?.weight ?? 0)
    unknown.set(place, state?.isUnknown ? 0 : null, 1)
  }
}
