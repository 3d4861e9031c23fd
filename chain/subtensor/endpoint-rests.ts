/** How long an endpoint is left alone that refuses us, in milliseconds: doubled with each refusal. */
const REST_MS = { first: 1000, longest: 60_000 }
/** What an endpoint itself asks for is believed as far as this. */
const LONGEST_ASKED_MS = 600_000
/** And one that told of another chain is left alone for so long. */
const DISTRUST_MS = 600_000

interface Rest {
  refusals: number
  until: number
}

/** Endpoints that are left alone for a while: they refused us (429, 503), or are not to be believed. */
export class EndpointRests {
  readonly #rests = new Map<string, Rest>()
  readonly #now: () => number
  readonly #random: () => number

  /** @param now milliseconds of a monotonic clock; @param random from 0 to below 1 */
  constructor(now: () => number = () => performance.now(), random: () => number = Math.random) {
    this.#now = now
    this.#random = random
  }

  /**
   * Notes a refusal. Up to half of the pause is left to chance, so that those refused together do not come back
   * together.
   * @param askedMs what the endpoint asked for (Retry-After); null when it did not
   */
  refused(url: string, askedMs: number | null): void {
    const refusals = (this.#rests.get(url)?.refusals ?? 0) + 1
    const doubled = Math.min(REST_MS.longest, REST_MS.first * 2 ** (refusals - 1))
    const own = doubled * (1 - this.#random() / 2)
    const asked = Math.min(askedMs ?? 0, LONGEST_ASKED_MS) * (1 + this.#random() / 10)
    this.#rests.set(url, { refusals, until: this.#now() + Math.max(own, asked) })
  }

  /** Notes that an endpoint told of another chain, or of too old a one. */
  distrusted(url: string): void {
    this.#rests.set(url, { refusals: 0, until: this.#now() + DISTRUST_MS })
  }

  /** It serves us again, and did so for a while. */
  served(url: string): void {
    this.#rests.delete(url)
  }

  /** For how long to leave it alone yet; 0: not at all. */
  leftMs(url: string): number {
    return Math.max(0, (this.#rests.get(url)?.until ?? 0) - this.#now())
  }
}
