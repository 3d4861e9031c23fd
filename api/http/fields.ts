import { z } from 'zod'
import { listed } from './validate.js'

// The messages of these schemas are rules: an error says what was sent, and "it must be …".

/**
 * A field of a JSON body that need not be given. Serializers of typed languages write what was not given as
 * `null`, so that is what it means.
 */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined)
}

/** The fields of a body as a form has them: a form has no null, what is not given is left out. */
export function withoutNulls(body: z.ZodObject): z.ZodObject {
  const fields = Object.entries(body.shape).map(([name, field]) => [name, withoutNull(field)])
  return z.strictObject(Object.fromEntries(fields))
}

/** What `optional` made, without its null; any other schema as it is. */
function withoutNull(field: z.core.$ZodType): z.core.$ZodType {
  const given = field instanceof z.ZodPipe ? field.in : null
  const nullable = given instanceof z.ZodOptional ? given.unwrap() : null
  if (!(field instanceof z.ZodPipe && nullable instanceof z.ZodNullable)) return field
  return z.optional(nullable.unwrap()).meta(field.meta() ?? {})
}

export function oneOf<const V extends readonly string[]>(values: V, more = '') {
  return z.enum(values, { error: `must be ${listed(values, 'or')}${more}` })
}

/** A whole number of a JSON body. */
export function wholeNumber(min: number, max: number) {
  const error = `must be a whole number from ${min} to ${max}`
  return z.int({ error }).min(min, { error }).max(max, { error })
}

/** A text of this form. @param rule what it must be, for people */
export function textLike(pattern: RegExp, rule: string) {
  return z.string({ error: rule }).regex(pattern, { error: rule })
}

const DIGITS = /^[1-9]\d{0,8}$/

/** A whole number from 1 in a query or an address, where it is a string of digits. */
export function wholeNumberText(max: number) {
  const error = `must be a whole number from 1 to ${max}`
  return z
    .string({ error })
    .refine((text) => DIGITS.test(text) && Number(text) <= max, { error })
    .transform(Number)
    .meta({ override: { type: 'integer', minimum: 1, maximum: max } })
}
