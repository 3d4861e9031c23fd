import type { Features } from './features.js'

/** Requests as rows of numbers, each column with mean 0 and deviation 1 over the rows that are learnt from. */
export interface Table {
  readonly names: readonly string[]
  readonly rows: readonly Float64Array[]
}

/** @param learnt how many of the first rows are learnt from */
export function tableOf(all: readonly Features[], learnt: number): Table {
  const names = [...new Set(all.slice(0, learnt).flatMap((features) => [...features.keys()]))]
  const rows = all.map((features) => Float64Array.from(names, (name) => features.get(name) ?? 0))
  names.forEach((_, j) => {
    let sum = 0
    let squares = 0
    for (let i = 0; i < learnt; i += 1) {
      sum += rows[i]![j]!
      squares += rows[i]![j]! ** 2
    }
    const mean = sum / learnt
    const deviation = Math.sqrt(Math.max(0, squares / learnt - mean ** 2)) || 1
    // What was not seen while learning must not decide by its size.
    for (const row of rows) row[j] = Math.max(-5, Math.min(5, (row[j]! - mean) / deviation))
  })
  return { names, rows }
}
