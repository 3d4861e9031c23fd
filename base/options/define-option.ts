import { z } from 'zod'

/** One option: what it accepts, its default (undefined: none), and its text in `--help`. */
export interface Option<T> {
  readonly schema: z.ZodType<T>
  readonly fallback: T | undefined
  readonly describe: string
  /** Never printed, not even in an error; can be read from a file (`fileOption`). */
  readonly secret?: boolean
}

export function option<T>(
  schema: z.ZodType<T>,
  fallback: undefined,
  describe: string,
  secret?: boolean,
): Option<T> & { readonly fallback: undefined }
export function option<T>(
  schema: z.ZodType<T>,
  fallback: T,
  describe: string,
): Option<T> & { readonly fallback: T }
export function option<T>(
  schema: z.ZodType<T>,
  fallback: T | undefined,
  describe: string,
  secret = false,
): Option<T> {
  return { schema, fallback, describe, secret }
}

/** Not blank: environments of compose files and shells are full of empty variables. */
export const text = z.string().refine((value) => value.trim() !== '', 'must not be blank')

/** A number as people write it. Not `z.coerce.number()`, which converts blank text to 0, and [7] to 7. */
export function number(schema: z.ZodNumber): z.ZodType<number> {
  const digits = (value: unknown) =>
    typeof value === 'string' && /^[+-]?\d+(\.\d+)?$/.test(value) ? Number(value) : value
  return z.preprocess(digits, schema) as unknown as z.ZodType<number>
}

export const whole = (low: number, high: number) => number(z.int().min(low).max(high))

export const port = whole(0, 65_535)

/** `z.coerce.boolean()` converts "false" to true, and the environment only has text. */
export const flag = z.preprocess((value) => {
  if (value === 'true' || value === '1') return true
  if (value === 'false' || value === '0') return false
  return value
}, z.boolean('must be true or false')) as unknown as z.ZodType<boolean>
