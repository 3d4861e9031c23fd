const ROUNDS = 80
const RATE = 0.15
const BINS = 32

interface Stump {
  readonly column: number
  /** Values up to it get `low`, others `high`. */
  readonly limit: number
  readonly low: number
  readonly high: number
}

/**
 * Gradient boosting with trees of one split, for what is no straight line: a gap that is neither short nor long.
 * @returns the score of a row: the greater, the more it looks like a `true` one
 */
export function learnStumps(
  rows: readonly Float64Array[],
  labels: readonly boolean[],
): (row: Float64Array) => number {
  const width = rows[0]!.length
  const limits = Array.from({ length: width }, (_, j) => quantiles(rows.map((row) => row[j]!)))
  const bins = limits.map((of, j) =>
    rows.map((row) => of.filter((limit) => row[j]! > limit).length),
  )
  const scores = new Float64Array(rows.length)
  const stumps: Stump[] = []
  for (let round = 0; round < ROUNDS; round += 1) {
    const residuals = Float64Array.from(
      scores,
      (score, i) => (labels[i] ? 1 : 0) - 1 / (1 + Math.exp(-score)),
    )
    const best = bestStump(residuals, bins, limits)
    if (best === null) break
    stumps.push(best)
    rows.forEach((row, i) => {
      scores[i]! += row[best.column]! > best.limit ? best.high : best.low
    })
  }
  return (row) =>
    stumps.reduce(
      (sum, { column, limit, low, high }) => sum + (row[column]! > limit ? high : low),
      0,
    )
}

/** Values between which rows can be told apart, at most BINS - 1. */
function quantiles(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b)
  const cuts = Array.from(
    { length: BINS - 1 },
    (_, k) => sorted[Math.floor(((k + 1) * sorted.length) / BINS)]!,
  )
  return [...new Set(cuts)].filter((limit) => limit < sorted.at(-1)!)
}

function bestStump(
  residuals: Float64Array,
  bins: readonly (readonly number[])[],
  limits: readonly (readonly number[])[],
): Stump | null {
  const total = residuals.reduce((sum, residual) => sum + residual, 0)
  let best: Stump | null = null
  let bestGain = 0
  bins.forEach((column, j) => {
    const cuts = limits[j]!
    const sums = new Float64Array(cuts.length + 1)
    const counts = new Float64Array(cuts.length + 1)
    column.forEach((bin, i) => {
      sums[bin]! += residuals[i]!
      counts[bin]! += 1
    })
    let sum = 0
    let count = 0
    cuts.forEach((limit, k) => {
      sum += sums[k]!
      count += counts[k]!
      const others = residuals.length - count
      const gain = sum ** 2 / count + (total - sum) ** 2 / others
      if (count === 0 || others === 0 || gain <= bestGain) return
      bestGain = gain
      const low = (RATE * 4 * sum) / count
      const high = (RATE * 4 * (total - sum)) / others
      best = { column: j, limit, low, high }
    })
  })
  return best
}
