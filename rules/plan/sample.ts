import { type DrawSource, drawInteger } from '../../formats/draws.js'
import { compareText } from '../order.js'
import type { PlanCandidate, PlanGroup } from './plan-types.js'

/** Draws provers for rounds: stalest evidence first, then random; what is drawn counts as fresh. */
export class Sampler {
  private readonly drawn = new Map<PlanCandidate, number>()
  private readonly source: DrawSource
  private readonly provers: readonly PlanCandidate[]

  constructor(source: DrawSource, provers: readonly PlanCandidate[]) {
    this.source = source
    this.provers = [...provers].sort((a, b) => compareText(a.hotkey, b.hotkey))
  }

  /** Up to `size` different provers, of one group when one is named. */
  draw(round: number, size: number, group: PlanGroup | null): PlanCandidate[] {
    const left = this.provers.filter((p) => group === null || p[group.by] === group.value)
    const sample: PlanCandidate[] = []
    for (let k = 0; k < size && left.length > 0; k++) {
      const stalest = left.reduce((a, b) => (this.compare(b, a) < 0 ? b : a))
      const equals = left.filter((p) => this.compare(p, stalest) === 0)
      const label = `round/${round}/prover/${k}`
      const picked = equals[drawInteger(this.source, label, equals.length)]!
      left.splice(left.indexOf(picked), 1)
      sample.push(picked)
    }
    for (const picked of sample) this.drawn.set(picked, this.times(picked) + 1)
    return sample
  }

  /** Groups of two or more, in a fixed order. */
  groups(): PlanGroup[] {
    const counts = new Map<string, { group: PlanGroup; size: number }>()
    for (const prover of this.provers) {
      for (const by of ['coldkey', 'network'] as const) {
        const value = prover[by]
        if (value === null) continue
        const key = `${by}/${value}`
        const size = (counts.get(key)?.size ?? 0) + 1
        counts.set(key, { group: { by, value }, size })
      }
    }
    return [...counts]
      .filter(([, { size }]) => size > 1)
      .sort(([a], [b]) => compareText(a, b))
      .map(([, { group }]) => group)
  }

  private times(prover: PlanCandidate): number {
    return this.drawn.get(prover) ?? 0
  }

  /** Negative when a is staler. */
  private compare(a: PlanCandidate, b: PlanCandidate): number {
    return this.times(a) - this.times(b) || (a.lastEvidenceN ?? -1) - (b.lastEvidenceN ?? -1)
  }
}
