/** One JSON document on standard output, and nothing else. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** Rows under their headings, columns aligned; null is shown as a dash. */
export function printTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number | null)[])[],
): void {
  const lines = [headings, ...rows.map((row) => row.map((cell) => String(cell ?? '-')))]
  const widths = headings.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)))
  for (const line of lines) {
    printLine(
      line
        .map((cell, i) => cell.padEnd(widths[i]!))
        .join('  ')
        .trimEnd(),
    )
  }
}

/** 973000 → `97.3 %`; null, where nothing was counted, → `-`. */
export function percent(ppm: number | null): string {
  return ppm === null ? '-' : `${(ppm / 10_000).toFixed(1)} %`
}
