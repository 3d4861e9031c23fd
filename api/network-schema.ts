import { z } from 'zod'

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
