import { CAPACITY_PER_GPU } from '../../rules/constants.js'
import type { Reason } from '../../rules/verdicts.js'
import type { Behaviour, Offer } from './behaviour.js'
import type { SeededRandom } from './random.js'
import { DEADLINE_MS, NETWORK_MS, NOISE, VIDEO_MS } from './world.js'

/** A request that a prover accepted. */
interface Job {
  readonly requestId: string
  readonly verifier: number
  readonly endMs: number
  /** When its verifier's `taken` was there. */
  readonly takenMs: number
}

export interface Accepted {
  readonly kind: 'accepted'
  /** Infinity: it never comes. */
  readonly endMs: number
  readonly broken: number
  /** Why it fails; null: it does not. A relayed one may fail later, when its place is needed. */
  failure: Reason | null
}

export type Reply =
  | Accepted
  | { readonly kind: 'refused'; readonly taken: readonly string[] }
  | { readonly kind: 'unreachable' }

/** GPUs of one owner, each with one generation at a time. */
export class Farm {
  /** When each is free. */
  readonly #freeMs: number[]
  #stranger: { readonly gpu: number; readonly endMs: number; readonly answer: Accepted } | null =
    null

  constructor(gpus: number) {
    this.#freeMs = Array<number>(gpus).fill(0)
  }

  /** When work of so many milliseconds would be done; a stranger's does not delay it. */
  endOf(nowMs: number, workMs: number): number {
    const stranger = this.#strangerAt(nowMs)
    const free = this.#freeMs.map((ms, gpu) => (gpu === stranger?.gpu ? nowMs : ms))
    return Math.max(nowMs, Math.min(...free)) + workMs
  }

  /** Work of a caller that may set weights; a stranger gives way to it. */
  run(nowMs: number, workMs: number): void {
    const gpu = this.#soonest()
    const stranger = this.#strangerAt(nowMs)
    if (this.#freeMs[gpu]! > nowMs && stranger !== null) {
      stranger.answer.failure = 'no_answer'
      this.#stranger = null
      this.#freeMs[stranger.gpu] = nowMs + workMs
    } else this.#freeMs[gpu] = Math.max(nowMs, this.#freeMs[gpu]!) + workMs
  }

  /** Work of a caller without a permit: one at a time, and only what can begin at once. */
  runForStranger(nowMs: number, workMs: number): Accepted | null {
    const gpu = this.#soonest()
    if (this.#freeMs[gpu]! > nowMs || this.#strangerAt(nowMs) !== null) return null
    const endMs = nowMs + workMs
    const answer: Accepted = { kind: 'accepted', endMs, broken: 0, failure: null }
    this.#stranger = { gpu, endMs, answer }
    this.#freeMs[gpu] = endMs
    return answer
  }

  #strangerAt(nowMs: number) {
    return this.#stranger !== null && this.#stranger.endMs > nowMs ? this.#stranger : null
  }

  #soonest(): number {
    let soonest = 0
    for (let gpu = 1; gpu < this.#freeMs.length; gpu += 1) {
      if (this.#freeMs[gpu]! < this.#freeMs[soonest]!) soonest = gpu
    }
    return soonest
  }
}

/** A hotkey. */
export class Prover {
  openedIn = 0
  /** The interval of its first false answer; null: it never gave one. */
  firstCheatN: number | null = null
  #jobs: Job[] = []

  constructor(
    readonly uid: number,
    readonly hotkey: string,
    readonly behaviour: Behaviour,
    private readonly farm: Farm,
    /** Whom it asks, if it relays. */
    private readonly relayed: Farm,
    private readonly random: SeededRandom,
  ) {}

  offer(offer: Offer, requestId: string): Reply {
    const { nowMs, n } = offer
    const { behaviour, random } = this
    // What it did in a deadline's time: older `taken` are worth nothing.
    this.#jobs = this.#jobs.filter((job) => Math.max(job.endMs, job.takenMs + DEADLINE_MS) > nowMs)
    const inFlight = this.#jobs.filter(({ endMs }) => endMs > nowMs).length
    if (behaviour.offEvery > 0 && (n + this.uid) % behaviour.offEvery === 0) {
      return { kind: 'unreachable' }
    }
    const act = behaviour.act(offer, { inFlight, openedIn: this.openedIn }, random)
    if (act.do === 'refuse') return this.#refuse(offer)
    if (inFlight >= CAPACITY_PER_GPU * behaviour.declares) return this.#refuse(offer)
    if (act.do === 'stall') return this.#accept(offer, requestId, Number.POSITIVE_INFINITY, 0)
    if (act.do === 'hold') return this.#accept(offer, requestId, nowMs + DEADLINE_MS - 2_000, 0)
    const workMs = VIDEO_MS * act.time * behaviour.slowness * random.between(1 - NOISE, 1 + NOISE)
    if (behaviour.relays !== null) return this.#relay(offer, requestId, workMs)
    const endMs = this.farm.endOf(nowMs, workMs)
    if (endMs > nowMs + DEADLINE_MS - NETWORK_MS.most) {
      if (behaviour.beyond === 'refuse') return this.#refuse(offer)
      if (behaviour.beyond === 'silent') {
        return this.#accept(offer, requestId, Number.POSITIVE_INFINITY, 0)
      }
    }
    this.farm.run(nowMs, workMs)
    const answer = this.#accept(offer, requestId, endMs, act.broken)
    if (random.next() < behaviour.flaky) answer.failure = 'no_answer'
    return answer
  }

  #relay(offer: Offer, requestId: string, workMs: number): Reply {
    const answer =
      this.behaviour.relays === 'open' ? this.relayed.runForStranger(offer.nowMs, workMs) : null
    if (answer === null) return this.#refuse(offer)
    this.#remember(offer, requestId, answer.endMs)
    return answer
  }

  #accept(offer: Offer, requestId: string, endMs: number, broken: number): Accepted {
    if (broken > 0) this.firstCheatN ??= offer.n
    this.#remember(offer, requestId, Math.min(endMs, offer.nowMs + DEADLINE_MS))
    return { kind: 'accepted', endMs, broken, failure: null }
  }

  #remember({ nowMs, verifier }: Offer, requestId: string, endMs: number): void {
    const takenMs = nowMs + this.random.between(2 * NETWORK_MS.least, 2 * NETWORK_MS.most)
    this.#jobs.push({ requestId, verifier, endMs, takenMs })
  }

  /** With the `taken` of other verifiers that are there. */
  #refuse({ nowMs, verifier }: Offer): Reply {
    const { showsOldTaken, declares } = this.behaviour
    const taken = this.#jobs
      .filter((job) => job.verifier !== verifier && job.takenMs <= nowMs)
      .filter((job) => showsOldTaken || job.endMs > nowMs)
      .slice(-CAPACITY_PER_GPU * declares)
    return { kind: 'refused', taken: taken.map(({ requestId }) => requestId) }
  }
}
