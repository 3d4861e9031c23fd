import { z } from 'zod'

/**
 * A list that is read up to the first thing wrong with it: a hostile file may have a million, and zod tells them all.
 */
export function list<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z.unknown().transform((value, context): T[] => {
    if (!Array.isArray(value)) {
      context.addIssue({ code: 'custom', message: 'expected a list' })
      return z.NEVER
    }
    const read: T[] = []
    for (const [i, each] of value.entries()) {
      const parsed = item.safeParse(each)
      if (!parsed.success) {
        const [issue] = parsed.error.issues
        const path = [i, ...(issue?.path ?? [])]
        context.addIssue({ code: 'custom', path, message: issue?.message ?? 'is wrong' })
        return z.NEVER
      }
      read.push(parsed.data)
    }
    return read
  })
}

/** A list of whole numbers: most of a record is such columns. */
export const wholes = z.custom<number[]>(
  (value) => Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0),
  'expected a list of whole numbers',
)
