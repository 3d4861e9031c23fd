import { z } from 'zod'
import type { CheckCursor } from '../ledger/verdicts.js'

const CURSOR = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.(challenge|audit|spotcheck)$/

const wholeNumber = z
  .string()
  .regex(/^[1-9]\d{0,8}$/, 'must be a whole number of 1 or more')
  .transform(Number)

/** The query of `GET /v1/network/intervals`: newest first; `before` pages on. */
export const intervalsQuerySchema = z.strictObject({
  limit: wholeNumber.refine((n) => n <= 100, 'must be at most 100').optional(),
  before: wholeNumber.optional(),
})

/** An interval's number in an address. */
export const intervalNumberSchema = wholeNumber

/** The query of `GET /v1/network/intervals/{n}`: the checks after one, as `verdicts_next` names it. */
export const intervalQuerySchema = z.strictObject({
  verdicts_after: z
    .string()
    .regex(CURSOR, 'must be what verdicts_next was')
    .transform((cursor) => {
      const [requestId, kind] = cursor.split('.')
      return { requestId, kind } as CheckCursor
    })
    .optional(),
})

/** The cursor of a page that ends with this check. */
export function checkCursor({ requestId, kind }: CheckCursor): string {
  return `${requestId}.${kind}`
}
