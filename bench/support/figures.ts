import * as z from 'zod'

/** The most, or the least, that a figure should be, or its ratio. */
const goalSchema = z.object({
  of: z.enum(['figure', 'ratio']),
  most: z.number().optional(),
  least: z.number().optional(),
})

/** One measured number. */
const figureSchema = z.object({
  /** What was measured; no two of a bench have the same. */
  name: z.string(),
  figure: z.number(),
  unit: z.string(),
  /** The figure relative to that of `beside`, which was measured in the same run. */
  ratio: z.number().nullable(),
  beside: z.string().nullable(),
  goal: goalSchema.nullable(),
})

/** A part that this machine can't measure, and why. */
const leftOutSchema = z.object({ name: z.string(), skipped: z.string() })

/** What a bench says to `npm run bench -- all`. */
export const saidSchema = z.union([figureSchema, leftOutSchema])

export type Goal = z.output<typeof goalSchema>
export type Figure = z.output<typeof figureSchema>
export type Said = z.output<typeof saidSchema>

/** Prints a figure, and says it to whoever runs all benches. @param more.beside what else was measured in the same run */
export function report(
  name: string,
  figure: number,
  unit: string,
  more: { beside?: readonly [name: string, figure: number]; goal?: Goal } = {},
): void {
  const [beside, floor] = more.beside ?? [null, Number.NaN]
  const ratio = beside === null ? null : figure / floor
  const said: Figure = { name, figure, unit, ratio, beside, goal: more.goal ?? null }
  console.log(figureLine(said))
  process.send?.(said)
}

/** Says that a part is left out. */
export function reportLeftOut(name: string, skipped: string): void {
  console.log(`${name}: left out, ${skipped}`)
  process.send?.({ name, skipped } satisfies Said)
}

/** Whether a figure is what it should be; null where nothing is asked of it. */
export function meetsGoal({ figure, ratio, goal }: Figure): boolean | null {
  const value = goal?.of === 'ratio' ? ratio : figure
  if (goal === null || value === null) return null
  return value <= (goal.most ?? Infinity) && value >= (goal.least ?? -Infinity)
}

/** `≤ 3 times`, `≥ 6,000 /s`; empty where nothing is asked. */
export function goalText({ goal, unit }: Figure): string {
  if (goal === null) return ''
  const of = goal.of === 'ratio' ? 'times' : unit
  const bounds = [
    ['≤', goal.most],
    ['≥', goal.least],
  ] as const
  return bounds
    .flatMap(([sign, bound]) => (bound === undefined ? [] : `${sign} ${numberText(bound)} ${of}`))
    .join(', ')
}

function figureLine(row: Figure): string {
  const { name, figure, unit, ratio, beside } = row
  const relative = ratio === null ? '' : `; ${numberText(ratio)} times ${beside}`
  const isMet = meetsGoal(row)
  const goal = isMet === null ? '' : ` (goal ${goalText(row)}: ${isMet ? 'met' : 'MISSED'})`
  return `${name}: ${numberText(figure)} ${unit}${relative}${goal}`
}

/** Three digits, or all those before the point: 0.123, 12.3, 12,345. */
export function numberText(value: number): string {
  return value.toLocaleString(
    'en',
    Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  )
}
