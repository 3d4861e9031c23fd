import { canonicalJson } from '../../formats/canonical-json.js'
import { snakeNames } from '../record/names.js'

/** Something in a record that does not follow from the rest of it. */
export interface Finding {
  /** The field of the record, as named in its file. */
  where: string
  /** What it says, and what follows instead, in words. */
  what: string
}

/** A finding if the recorded value differs from the one that follows. */
export function differs(where: string, told: unknown, follows: unknown): Finding[] {
  // Of one kind and equal: most of what is compared, some ten thousand times in a record.
  if (told === follows) return []
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
