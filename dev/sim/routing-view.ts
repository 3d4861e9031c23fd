import { BACKOFF_429_MS, LATENCY_ANSWERS, PAUSE_MAX_MS } from '../../rules/constants.js'
import { lowerMedian } from '../../rules/order.js'
import { type RouteFacts, usedIn } from '../../rules/routing/route-facts.js'
import { type NoRoute, type Route, RouteTable } from '../../rules/routing/route-table.js'
import { usPerWork } from '../../rules/work-time.js'
import type { SeededRandom } from './random.js'
import type { SentRequest } from './sent-request.js'
import { CERTIFIED_US_PER_WORK, DEADLINE_MS, WORK } from './world.js'

/** The router's table, kept up as ledger/requests/prover-counters.ts keeps up `prover_routing`. */
export class RoutingView {
  readonly #table = new RouteTable()
  readonly #recent = new Map<string, number[]>()

  constructor(
    provers: readonly { hotkey: string; declares: number }[],
    private readonly random: SeededRandom,
  ) {
    for (const { hotkey, declares } of provers) {
      this.#table.set({
        hotkey,
        tier: 'bronze',
        gpus: declares,
        provenPpm: null,
        blockRange: null,
        used: 0,
        openRequests: [],
        usPerWork: null,
        measuredMs: null,
        certifiedUsPerWork: CERTIFIED_US_PER_WORK,
        failuresInARow: 0,
        failedMs: null,
        passedSinceCheat: null,
        refusedUntilMs: null,
        pausedUntilMs: null,
      })
    }
  }

  advance(ms: number, range: number): void {
    this.#table.advance({ ms, range })
  }

  pick(exclude: readonly string[]): Route | NoRoute {
    return this.#table.pick(exclude, this.random.below)
  }

  /** Among whom a user's request of this moment would be drawn. */
  among(): readonly string[] {
    return this.#table.among(this.random.below).hotkeys
  }

  sent({ hotkey, kind, sentMs, n }: SentRequest): void {
    const facts = this.#table.get(hotkey)!
    const open = { askedMs: sentMs, untilMs: sentMs + DEADLINE_MS }
    const openRequests = [...facts.openRequests, open]
    const counted = kind === 'inference' ? { used: usedIn(facts, n) + 1, blockRange: n } : {}
    this.#table.set({ ...facts, ...counted, openRequests })
  }

  ended(request: SentRequest, nowMs: number): void {
    const { hotkey, sentMs } = request
    const facts = this.#table.get(hotkey)!
    const at = facts.openRequests.findIndex(({ askedMs }) => askedMs === sentMs)
    const openRequests = facts.openRequests.filter((_, i) => i !== at)
    this.#table.set({ ...facts, openRequests, ...this.#learned(facts, request, nowMs) })
  }

  #learned(
    facts: RouteFacts,
    { hotkey, outcome, sentMs, gpus, inFlight }: SentRequest,
    nowMs: number,
  ): Partial<RouteFacts> {
    if (outcome === 'refused') return { refusedUntilMs: nowMs + BACKOFF_429_MS }
    const pausedUntilMs = nowMs + this.random.below(PAUSE_MAX_MS + 1)
    if (outcome === 'failure') {
      return { pausedUntilMs, failuresInARow: facts.failuresInARow + 1, failedMs: nowMs }
    }
    // An answer's time is shared with the requests of ours that its GPU had before it.
    const us = usPerWork(
      Math.round((nowMs - sentMs) * 1000),
      WORK * (Math.floor(inFlight / gpus) + 1),
    )
    const recent = [us, ...(this.#recent.get(hotkey) ?? [])].slice(0, LATENCY_ANSWERS)
    this.#recent.set(hotkey, recent)
    return {
      pausedUntilMs,
      failuresInARow: 0,
      usPerWork: lowerMedian(recent),
      measuredMs: nowMs,
    }
  }

  /** What a settlement changed. */
  settled(
    hotkey: string,
    facts: Pick<RouteFacts, 'tier' | 'provenPpm' | 'passedSinceCheat'>,
  ): void {
    this.#table.set({ ...this.#table.get(hotkey)!, ...facts })
  }
}
