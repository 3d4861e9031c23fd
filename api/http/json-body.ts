import { isUtf8 } from 'node:buffer'
import express, { type RequestHandler } from 'express'
import type { z } from 'zod'
import { sanitizeText } from '../../base/sanitize-text.js'
import { ApiError, type ApiErrorCode } from './errors.js'

/** Bytes of a request's body: a prompt of 100 kB in JSON's escapes, with room. */
export const MAX_BODY_BYTES = 512 * 1024

/** What reading a body may refuse. */
export const BODY_ERRORS = [
  'invalid_json',
  'invalid_request',
  'unknown_field',
  'body_too_large',
  'unsupported_media_type',
] as const satisfies readonly ApiErrorCode[]

/** Of a field's name in an error. */
export const MAX_FIELD_CHARACTERS = 64

/**
 * A parser of bodies of a type that refuses larger ones as soon as they show: the parsers of Express
 * would take in all of a body before they say that it is too large.
 * @throws ApiError `body_too_large`
 */
export function bounded(type: string, parse: RequestHandler, hint?: string): RequestHandler {
  const tooLarge = () =>
    new ApiError('body_too_large', `The body is larger than ${MAX_BODY_BYTES} bytes.`, {
      ...(hint === undefined ? {} : { hint }),
    })
  return (req, res, next) => {
    if (!req.is(type)) {
      next()
      return
    }
    if (Number(req.headers['content-length']) > MAX_BODY_BYTES) throw tooLarge()
    let bytes = 0
    const count = (part: Buffer) => {
      const before = bytes
      bytes += part.length
      if (bytes > MAX_BODY_BYTES && before <= MAX_BODY_BYTES) next(tooLarge())
    }
    req.on('data', count)
    parse(req, res, (error?: unknown) => {
      req.off('data', count)
      if (bytes <= MAX_BODY_BYTES) next(error)
    })
  }
}

const parse = bounded(
  'application/json',
  express.json({
    limit: MAX_BODY_BYTES,
    type: 'application/json',
    strict: false,
    // Decoders put U+FFFD for what they can't read: another prompt than the one that was sent.
    verify: (_req, _res, bytes, encoding) => {
      if (encoding !== 'utf-8' || isUtf8(bytes)) return
      throw new ApiError('invalid_json', 'The body is not valid UTF-8.', {
        hint: 'Write the JSON as UTF-8, or its texts with \\u escapes.',
      })
    },
  }),
)

/** Reads a JSON body; other content types are refused before a byte of the body is read. */
export const jsonBody: RequestHandler[] = [
  (req, res, next) => {
    // Without any body (null, or an empty one) the schema says what is missing.
    const empty = req.headers['content-length'] === '0'
    if (!empty && req.is('application/json') === false) {
      res.set('Accept-Post', 'application/json')
      throw new ApiError('unsupported_media_type', 'This address takes application/json.', {
        hint: 'Send the header Content-Type: application/json.',
      })
    }
    next()
  },
  parse,
]

/**
 * A value by its schema. The error names the field and the rule, never the value: it may be a prompt.
 * @throws ApiError `unknown_field`, `invalid_request`
 */
export function parseBy<S extends z.ZodType>(schema: S, value: unknown, what: string): z.output<S> {
  if (value === undefined) {
    throw new ApiError('invalid_request', `The request has no ${what}.`, {
      hint: 'Send a JSON object.',
    })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const { issues } = parsed.error
  // What is missing is often there, under a name with a slip in it: that name helps more.
  const issue = issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0]
  const path = issue?.path.join('.') ?? ''
  if (issue?.code === 'unrecognized_keys') {
    const field = sanitizeText(issue.keys[0]!, MAX_FIELD_CHARACTERS)
    throw new ApiError(
      'unknown_field',
      `The ${what} has a field that is not known: ${JSON.stringify(field)}.`,
      {
        hint: 'Field names are case-sensitive; there are no others than the documented ones.',
        param: field,
      },
    )
  }
  const field = path === '' ? `The ${what}` : path
  throw new ApiError('invalid_request', `${field}: ${issue?.message ?? 'not as it must be'}`, {
    ...(path === '' ? {} : { param: path }),
  })
}
