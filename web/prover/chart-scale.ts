import type { HistoryPoint, Tier } from '../api-types.js'

/** Positions in the chart, in its own pixels. */
export interface Scale {
  readonly width: number
  readonly x: (n: number) => number
  /** The interval nearest to a position. */
  readonly nearest: (x: number) => number
}

export const LEFT = 46
export const RIGHT = 10

export function scaleOf(history: readonly HistoryPoint[], width: number): Scale {
  const first = history[0]!.n
  const span = Math.max(1, history.at(-1)!.n - first)
  const x = (n: number): number =>
    history.length === 1
      ? (LEFT + width - RIGHT) / 2
      : LEFT + ((n - first) / span) * (width - LEFT - RIGHT)
  const nearest = (at: number): number => {
    let best = 0
    for (const [i, point] of history.entries()) {
      if (Math.abs(x(point.n) - at) < Math.abs(x(history[best]!.n) - at)) best = i
    }
    return best
  }
  return { width, x, nearest }
}

/** Maps a panel's values to its height; `at` gives the position of a value. */
export interface Panel {
  readonly top: number
  readonly height: number
  readonly low: number
  readonly high: number
  readonly at: (value: number) => number
}

export function panel(top: number, height: number, low: number, high: number): Panel {
  const at = (value: number): number => top + height - ((value - low) / (high - low)) * height
  return { top, height, low, high, at }
}

/** Rates below 100 % are the interesting ones, so the axis begins just under the lowest. */
export function lowestRate(rates: readonly (number | null)[]): number {
  const lowest = Math.min(1, ...rates.filter((rate) => rate !== null))
  return Math.max(0, Math.min(0.9, Math.floor(lowest * 10) / 10))
}

/** A round number of at least `value`: 0.064 → 0.08. */
export function roundUp(value: number): number {
  if (value <= 0) return 1
  const size = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 4, 5, 8, 10].map((step) => step * size).find((step) => step >= value) ?? value
}

/** A line through the points that have a value, with gaps where there is none. */
export function linePath(
  points: readonly { readonly x: number; readonly y: number | null }[],
): string {
  let path = ''
  let drawing = false
  for (const { x, y } of points) {
    if (y === null) drawing = false
    else {
      path += `${drawing ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
      drawing = true
    }
  }
  return path
}

/** Runs of intervals in the same tier. */
export function tierBands(
  history: readonly HistoryPoint[],
): { tier: Tier; from: number; to: number }[] {
  const bands: { tier: Tier; from: number; to: number }[] = []
  for (const { tier, n } of history) {
    const last = bands.at(-1)
    if (last?.tier === tier) last.to = n
    else {
      if (last !== undefined) last.to = n
      bands.push({ tier, from: n, to: n })
    }
  }
  return bands
}
