/** Ascending numbers, those that follow one another as one: `3, 5-40`. */
export function numberRuns(numbers: readonly number[]): string {
  const runs: [number, number][] = []
  for (const n of numbers) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] === n - 1) run[1] = n
    else runs.push([n, n])
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`)).join(', ')
}
