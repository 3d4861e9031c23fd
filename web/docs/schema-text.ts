import { refName, type Schema } from './document.js'

/** The largest integer in JSON: not worth showing as a bound. */
const NO_BOUND = Number.MAX_SAFE_INTEGER

/** A schema's type in words: `integer, 1 to 64, or null`. */
export function typeText(schema: Schema): string {
  const { $ref, anyOf, oneOf, allOf, items, type } = schema
  if ($ref !== undefined) return refName($ref)
  const choices = anyOf ?? oneOf
  if (choices !== undefined) return [...new Set(choices.map(typeText))].join(' or ')
  if (allOf !== undefined) return allOf.map(typeText).join(' and ')
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum !== undefined)
    return schema.enum.map((value) => JSON.stringify(value)).join(' or ')
  if (items !== undefined) return `array of ${typeText(items)}`
  const name = typeof type === 'string' ? type : (type?.join(' or ') ?? 'anything')
  return [name, ...bounds(schema)].join(', ')
}

function bounds(schema: Schema): string[] {
  const { minimum, maximum, exclusiveMinimum, minLength, maxLength, format, pattern } = schema
  const top = maximum === undefined || maximum >= NO_BOUND ? null : maximum
  return [
    ...(minimum !== undefined && minimum > -NO_BOUND && top !== null
      ? [`${minimum} to ${top}`]
      : minimum !== undefined && minimum > -NO_BOUND
        ? [`at least ${minimum}`]
        : top !== null
          ? [`at most ${top}`]
          : []),
    ...(exclusiveMinimum === undefined ? [] : [`above ${exclusiveMinimum}`]),
    ...(maxLength === undefined ? [] : [`${minLength ?? 0} to ${maxLength} characters`]),
    ...(format === undefined ? [] : [format]),
    ...(pattern === undefined || format !== undefined ? [] : [`like ${pattern}`]),
  ]
}

/** The nested objects of a schema, whose members are shown beneath it. */
export function objectsOf(schema: Schema): Schema[] {
  const { $ref, anyOf, oneOf, allOf, items, properties, additionalProperties } = schema
  if ($ref !== undefined || properties !== undefined) return [schema]
  if (typeof additionalProperties === 'object') return objectsOf(additionalProperties)
  if (items !== undefined) return objectsOf(items)
  return (anyOf ?? oneOf ?? allOf ?? []).flatMap(objectsOf)
}
