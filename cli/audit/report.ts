import { printLine } from '../output.js'
import type { Found } from './audit-records.js'
import { storedNote } from './check-chain.js'
import { numberRuns } from './number-runs.js'

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

/** More of them nobody reads. */
const NOTES_SHOWN = 5

/**
 * What was audited, one record at least, in one sentence: nothing was found.
 * @param about what there is to say that is of no record
 * @param chainOnly only weights were looked at
 */
export function sentence(
  audited: readonly AuditedRecord[],
  about: readonly string[],
  chainOnly: boolean,
): string {
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
  const notes = [...about, ...(audited.length === 1 ? audited[0]!.notes : joined(audited))]
  const more = notes.length - NOTES_SHOWN
  const told = more > 0 ? [...notes.slice(0, NOTES_SHOWN), `${more} more notes`] : notes
  const all = audited.length === 1 ? 'its record' : `their ${audited.length} records`
  if (chainOnly) {
    return `${which}: only the weights were compared with the scores in ${all}; ${told.join('; ')}.`
  }
  return `${which}: every draw, verdict, rate, move, score and weight follows from ${all} (${answers} answers, ${checks} checks); ${told.join('; ')}.`
}

/** The notes of several records: of which of them, where it is not all. */
function joined(audited: readonly AuditedRecord[]): string[] {
  const stored = audited.filter(({ shownIn }) => shownIn !== null)
  const of = new Map<string, number[]>()
  for (const { n, notes, shownIn } of audited) {
    for (const note of notes) {
      if (shownIn !== null && note === storedNote(shownIn)) continue
      of.set(note, [...(of.get(note) ?? []), n])
    }
  }
  const isAll = stored.length === audited.length
  return [
    ...(stored.length === 0
      ? []
      : [`the chain stores the weights of ${isAll ? 'all' : stored.length} of them`]),
    ...[...of].map(([note, numbers]) =>
      numbers.length === audited.length ? note : `${numberRuns(numbers)}: ${note}`,
    ),
  ]
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
