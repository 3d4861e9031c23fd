import { execFileSync } from 'node:child_process'
import { cpus, release, totalmem, type } from 'node:os'
import { type Cell, textTable } from '../../base/text-table.js'
import { type Figure, goalText, meetsGoal, numberText } from './figures.js'

/** What `npm run bench -- all` writes. */
export interface Results {
  /** ISO 8601. */
  readonly date: string
  /** Of this clone; null outside one. */
  readonly commit: string | null
  readonly machine: Machine
  /** Whether each bench ran with its small numbers: to see that it runs, not to be quoted. */
  readonly short: boolean
  readonly figures: (Figure & {
    readonly bench: string
    /** The machine's load average over the minute before the bench began: what others had it do. */
    readonly load: number
  })[]
  /** A whole bench where `name` is null. */
  readonly skipped: {
    readonly bench: string
    readonly name: string | null
    readonly reason: string
  }[]
  readonly failed: { readonly bench: string; readonly reason: string }[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryMib: number
  readonly system: string
  readonly node: string
}

export function thisMachine(): Machine {
  const all = cpus()
  return {
    cpu: all[0]?.model.trim() ?? 'unknown',
    cores: all.length,
    memoryMib: Math.round(totalmem() / 2 ** 20),
    system: `${type()} ${release()} ${process.arch}`,
    node: process.version,
  }
}

/** Of the clone in `folder`; `…+` where it has changes that are not committed. */
export function commitOf(folder: string): string | null {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: 'pipe' }).trim()
  try {
    const commit = git('rev-parse', 'HEAD')
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+`
  } catch {
    return null
  }
}

/** For people: what was measured, then what was not, and why. */
export function resultsText({ figures, skipped, failed, machine, ...results }: Results): string {
  const rows = figures.map((row): Cell[] => [
    row.bench,
    row.name,
    numberText(row.figure),
    row.unit,
    row.ratio === null ? '' : numberText(row.ratio),
    row.beside ?? '',
    goalText(row),
    { true: 'met', false: 'MISSED', null: '' }[`${meetsGoal(row)}`],
  ])
  const head = ['bench', 'what', 'figure', 'unit', 'times', 'beside', 'goal', '']
  const loads = figures.map(({ load }) => load)
  return [
    textTable(head, rows, 'ruled'),
    '',
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryMib} MiB; Node ${machine.node}, ${machine.system}`,
    `${results.date}, commit ${results.commit ?? 'unknown'}; load before each: ${rangeText(loads)}`,
    ...(results.short
      ? ['Short runs: they show that each bench runs, and are not to be quoted.']
      : []),
    ...skipped.map(
      ({ bench, name, reason }) =>
        `left out: ${bench}${name === null ? '' : `, ${name}`}: ${reason}`,
    ),
    ...failed.map(({ bench, reason }) => `FAILED: ${bench}: ${reason}`),
  ].join('\n')
}

function rangeText(loads: readonly number[]): string {
  if (loads.length === 0) return '–'
  return `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`
}
