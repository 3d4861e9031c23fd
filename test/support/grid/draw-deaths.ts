import { SeededRandom } from '../../../dev/sim/random.js'

/** Who dies at once, when after all of the last ones were back, and how long they stay away. */
export interface DrawnDeath {
  readonly who: readonly string[]
  readonly afterMs: number
  readonly downMs: number
}

/** How deaths are drawn. */
export interface DeathRates {
  /** The longest between one that is back and the next death. */
  readonly beforeMs: number
  /** The longest until it is started again. */
  readonly awayMs: number
  /** One in so many takes others along, `most` in all at most. */
  readonly togetherIn: number
  readonly most: number
}

const DEFAULT: DeathRates = { beforeMs: 6000, awayMs: 2500, togetherIn: 4, most: 2 }

/** As many deaths of these; each of them dies at least once if there are enough. The same seed draws the same. */
export function drawDeaths(
  seed: number,
  count: number,
  victims: readonly string[],
  { beforeMs, awayMs, togetherIn, most } = DEFAULT,
): DrawnDeath[] {
  const random = new SeededRandom(seed)
  let left: string[] = []
  const deaths: DrawnDeath[] = []
  for (let drawn = 0; drawn < count; ) {
    const who: string[] = []
    const others = random.below(togetherIn) === 0 ? 1 + random.below(most - 1) : 0
    const together = Math.min(1 + others, count - drawn)
    while (who.length < together) {
      if (left.length === 0) left = victims.filter((name) => !who.includes(name))
      const [name] = left.splice(random.below(left.length), 1)
      who.push(name!)
    }
    drawn += who.length
    const afterMs = Math.round(random.between(0, beforeMs))
    deaths.push({ who, afterMs, downMs: Math.round(random.between(0, awayMs)) })
  }
  return deaths
}
