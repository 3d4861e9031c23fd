import { canonicalJson } from '../../formats/canonical-json.js'
import { snakeNames } from '../record/names.js'

/** Something in a record that does not follow from the rest of it. */
export interface Finding {
  /** The member of the record, as its file names it. */
  where: string
  /** What it says, and what follows instead; for people. */
  what: string
}

/** A finding where what is told is not what follows. */
export function differs(where: string, told: unknown, follows: unknown): Finding[] {
  const [a, b] = [textOf(told), textOf(follows)]
  return a === b ? [] : [{ where, what: `says ${short(a)}, but ${short(b)} follows` }]
}

const SHOWN = 160

function textOf(value: unknown): string {
  return value === undefined ? 'nothing' : canonicalJson(snakeNames(value))
}

function short(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text
}
