import { EXPLORE_PPM, ONE_PPM, TIER_REQUEST_LIMIT } from '../constants.js'
import type { Tier } from '../tiers.js'
import { DueTimes } from './due-times.js'
import type { RouteFacts, RouteMoment } from './route-facts.js'
import { RoutePool } from './route-pool.js'
import { type RouteState, routeState } from './route-state.js'
import { waitForRouteMs } from './video-run.js'

export interface Route {
  readonly hotkey: string
  /** Chosen to learn about it, not because it is the best. */
  readonly explored: boolean
}

/** No prover can take the request now. */
export interface NoRoute {
  readonly hotkey: null
  /**
   * Milliseconds until the first of those that are only cooling down may be asked; null if there are none.
   */
  readonly freeInMs: number | null
}

/** The provers that a user's request might go to at a moment. */
export interface Routable {
  /** Empty: see `waitMs`. */
  readonly hotkeys: readonly string[]
  /** When all provers are full or cooling down: how soon a user's request would try again. Null: it would not wait. */
  readonly waitMs: number | null
}

/** @returns a uniform integer from 0, below `below` */
export type Random = (below: number) => number

const NEVER = Number.POSITIVE_INFINITY

interface Group {
  readonly measured: RoutePool
  readonly unknown: RoutePool
}

const newGroup = (): Group => ({ measured: new RoutePool(), unknown: new RoutePool() })

/**
 * Decides which prover gets a user's request. The table is updated as facts change, so that a pick costs
 * about the same among 10 provers and 4,000.
 *
 * A pick draws among the provers whose expected completion is within a factor of 1.25 of the soonest,
 * weighted by free proven capacity and tier factor, so that equals get equal shares; 5 % explore Bronze and
 * provers without fresh measurements. A last resort is asked only if no other has room.
 */
export class RouteTable {
  readonly #places = new Map<string, number>()
  readonly #facts: (RouteFacts | null)[] = []
  readonly #hotkeys: string[] = []
  readonly #matching = newGroup()
  readonly #lastResort = newGroup()
  readonly #changes = new DueTimes()
  /**
   * Ends of the pauses of provers that are neither full, nor a last resort, nor cooling down after a refusal.
   */
  readonly #pauses = new DueTimes()
  /** When all others that are only cooling down may be asked. */
  readonly #waits = new DueTimes()
  #now: RouteMoment = { ms: 0, range: 0 }

  constructor(private readonly tierLimits: Readonly<Record<Tier, number>> = TIER_REQUEST_LIMIT) {}

  /** Adds or updates a prover's facts. */
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

  /** The prover takes no more users' requests. */
  delete(hotkey: string): void {
    const place = this.#places.get(hotkey)
    if (place === undefined) return
    this.#facts[place] = null
    this.#place(place)
  }

  /** Call this before setting facts of that moment, and before a pick. */
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
   * The provers among which a pick at this moment would draw, exploring or not; if there are none, how long a user's
   * request would wait first.
   */
  among(random: Random): Routable {
    const explored = this.#explores(this.#matching, random)
    const pool = explored ? this.#matching.unknown : this.#matching.measured
    if (!pool.isEmpty) {
      return { hotkeys: pool.near().map((place) => this.#hotkeys[place]!), waitMs: null }
    }
    const isAsked = !this.#lastResort.measured.isEmpty || !this.#lastResort.unknown.isEmpty
    const freeAtMs = Math.min(this.#pauses.soonest(), isAsked ? NEVER : this.#waits.soonest())
    if (freeAtMs === NEVER && (isAsked || this.#facts.every((facts) => facts === null))) {
      return { hotkeys: [], waitMs: null }
    }
    return { hotkeys: [], waitMs: waitForRouteMs(freeAtMs - this.#now.ms) }
  }

  #pick(random: Random): Route | NoRoute {
    const matching = this.#draw(this.#matching, random)
    if (matching !== null) return matching
    // A paused prover is back within two seconds: better than one that was caught.
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
