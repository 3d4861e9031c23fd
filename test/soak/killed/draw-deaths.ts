import { SeededRandom } from '../../../dev/sim/random.js'

/** Who dies at once, when after all of the last ones were back, and how long they stay away. */
export interface DrawnDeath {
  readonly who: readonly string[]
  readonly afterMs: number
  readonly downMs: number
}

const LONGEST_BEFORE_MS = 6000
const LONGEST_AWAY_MS = 2500
/** One in so many deaths takes a second process along. */
const TOGETHER = 4

/** As many deaths of these; each of them dies at least once if there are enough. The same seed draws the same. */
export function drawDeaths(seed: number, count: number, victims: readonly string[]): DrawnDeath[] {
  const random = new SeededRandom(seed)
  let left: string[] = []
  const deaths: DrawnDeath[] = []
  for (let drawn = 0; drawn < count; ) {
    const who: string[] = []
    const together = count - drawn > 1 && random.below(TOGETHER) === 0 ? 2 : 1
    while (who.length < together) {
      if (left.length === 0) left = victims.filter((name) => !who.includes(name))
      const [name] = left.splice(random.below(left.length), 1)
      who.push(name!)
    }
    drawn += who.length
    const afterMs = Math.round(random.between(0, LONGEST_BEFORE_MS))
    deaths.push({ who, afterMs, downMs: Math.round(random.between(0, LONGEST_AWAY_MS)) })
  }
  return deaths
}
