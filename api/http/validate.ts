import { z } from 'zod'
import { sanitizeText } from '../../base/sanitize-text.js'
import { ApiError, type ApiErrorCode, type ApiErrorOptions } from './errors.js'

/** Of a name that a caller chose, in an error. */
const MAX_NAME_CHARACTERS = 64
/** Of a value: enough to know it by. */
const MAX_VALUE_CHARACTERS = 40

/** A field's name as a caller wrote it, fit for an error's `param`. */
export function sanitizeName(name: string): string {
  return sanitizeText(name, MAX_NAME_CHARACTERS)
}

/** What a caller wrote, fit to stand in a message, in double quotes. */
export function quoted(text: string, maxCharacters = MAX_VALUE_CHARACTERS): string {
  return JSON.stringify(sanitizeText(text, maxCharacters))
}

export interface Validated {
  readonly what: 'body' | 'query'
  /** Fields whose values no error may repeat. */
  readonly secret?: readonly string[]
}

/**
 * A value by its schema, whose messages are rules ("must be …"). The error names the field, what was sent
 * for it and the rule.
 * @throws ApiError `unknown_field`, `invalid_request`
 */
export function parseBy<S extends z.ZodType>(
  schema: S,
  value: unknown,
  { what, secret = [] }: Validated,
): z.output<S> {
  if (value === undefined) {
    throw new ApiError('invalid_request', `The request has no ${what}.`, {
      hint: 'Send a JSON object, with the header Content-Type: application/json.',
    })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  // A missing field is often there under a misspelled name: naming that helps more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]!
  if (issue.code === 'unrecognized_keys') throw unknownField(schema, issue.keys[0]!, what)
  const [field] = issue.path
  if (field === undefined) {
    throw new ApiError(
      'invalid_request',
      `The ${what} is ${kindOf(value)}: it must be an object.`,
      {
        hint: 'Send a JSON object.',
      },
    )
  }
  const given = issue.path.reduce<unknown>((of, step) => (of as never)?.[step], value)
  throw refusedField(nameOf(issue.path), given, issue.message, {
    isSecret: secret.includes(String(field)),
  })
}

function unknownField(schema: z.ZodType, key: string, what: string): ApiError {
  const known = schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
  return new ApiError(
    'unknown_field',
    `The ${what} has an unknown field: ${quoted(sanitizeName(key))}.`,
    {
      hint: `Its fields are ${listed(known, 'and')}.`,
      param: sanitizeName(key),
    },
  )
}

/** `events[0]`; its names come from our schemas: unknown keys were refused before. */
function nameOf(path: readonly PropertyKey[]): string {
  return path
    .map((step, i) =>
      typeof step === 'number' ? `[${step}]` : `${i === 0 ? '' : '.'}${String(step)}`,
    )
    .join('')
}

interface RefusedOptions extends ApiErrorOptions {
  readonly code?: ApiErrorCode
  readonly isSecret?: boolean
}

/**
 * The error for a field that can't be taken as it was sent.
 * @param rule what it has to be, without its end: "must be above 0"
 */
export function refusedField(
  field: string,
  value: unknown,
  rule: string,
  { code = 'invalid_request', isSecret = false, ...options }: RefusedOptions = {},
): ApiError {
  const is = value === undefined ? 'is missing' : `is ${valueText(value, isSecret)}`
  return new ApiError(code, `${field} ${is}: it ${rule}.`, { param: field, ...options })
}

function valueText(value: unknown, isSecret: boolean): string {
  if (typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)) {
    // JSON.parse has rounded it: these are not the digits that were sent.
    return `about ${value.toPrecision(4)}`
  }
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return kindOf(value)
  return isSecret ? `a string of ${value.length} characters` : quoted(value)
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  return `a ${typeof value}`
}

/** `a, b and c` */
export function listed(names: readonly string[], last: 'and' | 'or'): string {
  return names.length < 2
    ? names.join('')
    : `${names.slice(0, -1).join(', ')} ${last} ${names.at(-1)}`
}
