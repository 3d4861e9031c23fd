import type { z } from 'zod'

/**
 * A field of a JSON body that need not be given. Serializers of typed languages write what was not given as
 * `null`, so that is what it means.
 */
export function optional<S extends z.ZodType>(schema: S) {
  return schema.nullish().transform((value) => value ?? undefined)
}
