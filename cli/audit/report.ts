import { printLine } from '../output.js'
import type { Found } from './audit-records.js'

/** A record that was audited. */
export interface AuditedRecord extends Found {
  readonly n: number
  readonly verifier: string
  readonly outcome: 'settled' | 'lapsed'
  readonly hash: string
  readonly answers: number
  readonly checks: number
}

/** More than so many differences tell nobody more. */
const SHOWN = 20

/** What was audited, one record at least, in one sentence: nothing was found. */
export function sentence(audited: readonly AuditedRecord[]): string {
  const { n, verifier } = audited[0]!
  const numbers = audited.map((one) => one.n)
  const which =
    audited.length === 1
      ? `Interval ${n} of ${verifier}`
      : `Intervals ${Math.min(...numbers)} to ${Math.max(...numbers)} of ${verifier}`
  const count = (of: (one: AuditedRecord) => number) =>
    audited.reduce((sum, one) => sum + of(one), 0)
  const answers = count((one) => one.answers)
  const checks = count((one) => one.checks)
  const notes = [...new Set(audited.flatMap((one) => one.notes))]
  const told = notes.length > 3 ? [...notes.slice(0, 3), `${notes.length - 3} more notes`] : notes
  const all = audited.length === 1 ? 'its record' : `their ${audited.length} records`
  return `${which}: every draw, verdict, rate, move, score and weight follows from ${all} (${answers} answers, ${checks} checks); ${told.join('; ')}.`
}

/** What does not follow, a line each. */
export function printFindings(audited: readonly AuditedRecord[]): void {
  const lines = audited.flatMap(({ n, findings }) =>
    findings.map(({ where, what }) => `interval ${n}: ${where} ${what}`),
  )
  for (const line of lines.slice(0, SHOWN)) printLine(line)
  if (lines.length > SHOWN) printLine(`and ${lines.length - SHOWN} more`)
  printLine(`${lines.length} ${lines.length === 1 ? 'thing does' : 'things do'} not follow.`)
}
