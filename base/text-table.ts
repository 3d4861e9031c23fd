export type Cell = string | number | null

/**
 * Formats rows under headings, with columns as wide as their widest cell, two spaces apart; null is shown as
 * a dash.
 * @param style `ruled`: with a line under the headings, and right-aligned numbers
 */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  style: 'plain' | 'ruled' = 'plain',
): string {
  const texts = rows.map((row) => row.map((cell) => String(cell ?? '-')))
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...texts.map((row) => row[i]?.length ?? 0)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) =>
        style === 'ruled' && isNumber(cell) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd()
  const rule = style === 'ruled' ? [line(widths.map((width) => '-'.repeat(width)))] : []
  return [line(headings), ...rule, ...texts.map(line)].join('\n')
}

function isNumber(cell: string): boolean {
  return /^-?[\d.,]+%?$/.test(cell)
}
