import type { VerdictRow } from '../../../ledger/judging/verdicts.js'
import type { Catch } from '../../demo/catches.js'
import type { GridProver } from '../../grid/grid.js'
import { VerdictCounts } from './verdict-counts.js'

/** After the interval of its first checked cheat. */
const CAUGHT_WITHIN = 1

/** What came of an interval that is settled. */
export interface SettledFacts {
  readonly n: number
  readonly verdicts: readonly Pick<VerdictRow, 'hotkey' | 'kind' | 'verdict' | 'reason'>[]
  /** By the villain's name, of all intervals so far. */
  readonly catches: ReadonlyMap<string, Catch>
  /** How often its weights are on the chain, and whether they were read back as they were decided; null: later ones took their place. */
  readonly weights: { readonly times: number; readonly readBack: boolean } | null
}

/** Watches whether a simulation of real processes keeps what the mechanism promises. */
export class Promises {
  /** The interval after which a check of one of its cheats was known first, by the villain's name. */
  readonly #checked = new Map<string, number>()
  readonly #caught = new Set<string>()
  readonly counts = new VerdictCounts()

  constructor(private readonly provers: readonly (GridProver & { hotkey: string })[]) {}

  /** @returns in a sentence the first that this interval broke; null: it broke none */
  settled({ n, verdicts, catches, weights }: SettledFacts): string | null {
    this.counts.add(verdicts)
    for (const { name, hotkey, villain } of this.provers) {
      if (villain !== undefined) continue
      const accused = verdicts.find((row) => row.hotkey === hotkey && row.verdict === 'cheat')
      if (accused !== undefined) {
        return `${name} is honest and was accused in interval ${n}, by a check of kind ${accused.kind} (${accused.reason})`
      }
    }
    for (const [name, found] of catches) {
      if (found.caughtBy.size > 0) this.#caught.add(name)
      else if (found.checked > 0) {
        const first = this.#checked.get(name) ?? n
        this.#checked.set(name, first)
        if (n >= first + CAUGHT_WITHIN) {
          return `${name} was not caught by the end of interval ${n}, although ${found.checked} of its cheats were checked, the first by the end of interval ${first}`
        }
      }
      if ((found.afterIntervals ?? 0) > CAUGHT_WITHIN) {
        return `${name} was caught only ${found.afterIntervals} intervals after its first checked cheat`
      }
    }
    if (weights !== null && (weights.times !== 1 || !weights.readBack)) {
      const how = weights.readBack ? '' : ' and were not read back as decided'
      return `the weights of interval ${n} are ${weights.times} times on the chain${how}`
    }
    return null
  }

  /** @returns in a sentence what is missing when it ends; null: nothing */
  ended(): string | null {
    const missing = this.provers.flatMap(({ name, villain }) =>
      villain === undefined || this.#caught.has(name) ? [] : [name],
    )
    return missing.length === 0 ? null : `${missing.join(', ')} was never caught`
  }
}
