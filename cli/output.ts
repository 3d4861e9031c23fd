import { type Cell, textTable } from '../base/text-table.js'

/** One JSON document on standard output, and nothing else; names in snake_case, as in the API. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(snakeNames(value), null, 2)}\n`)
}

function snakeNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(snakeNames)
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [snakeName(name), snakeNames(member)]),
  )
}

/** Hotkeys, which are names in some objects, begin with a digit and stay as they are. */
function snakeName(name: string): string {
  if (!/^[a-z]/.test(name)) return name
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

export function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

/** @see textTable */
export function printTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): void {
  printLine(textTable(headings, rows))
}

/** A score, in GPUs, as the pages show it: 450000 → `0.4500`; null → `-`. */
export function score(ppm: number | null): string {
  return ppm === null ? '-' : (ppm / 1_000_000).toFixed(4)
}
