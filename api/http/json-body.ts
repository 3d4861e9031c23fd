import { isUtf8 } from 'node:buffer'
import express, { type Request, type RequestHandler } from 'express'
import { isShredded } from '../../base/net/shredded.js'
import { ApiError, type ApiErrorCode } from './errors.js'
import { listed, quoted } from './validate.js'

/** Bytes of a request's body: a prompt of 100 kB in JSON's escapes, with room. */
export const MAX_BODY_BYTES = 512 * 1024

/** Errors that reading a body may end with. */
export const BODY_ERRORS = [
  'invalid_json',
  'invalid_request',
  'unknown_field',
  'body_too_large',
  'unsupported_media_type',
] as const satisfies readonly ApiErrorCode[]

/**
 * A parser of bodies of a type that refuses larger ones as soon as they show, and those in too many pieces: the parsers
 * of Express would take in all of a body before they say that it is too large, and keep each piece until then.
 * @throws ApiError `body_too_large`, `invalid_request`
 */
export function bounded(
  type: string,
  parse: RequestHandler,
  hint = 'A prompt has at most 100 kB.',
): RequestHandler {
  return (req, res, next) => {
    if (!req.is(type)) {
      next()
      return
    }
    if (Number(req.headers['content-length']) > MAX_BODY_BYTES) throw tooLarge(req, hint)
    let bytes = 0
    let pieces = 0
    let isRefused = false
    const refuse = (error: ApiError) => {
      isRefused = true
      // The parser is given nothing more.
      req.unpipe().removeAllListeners('data')
      next(error)
    }
    const count = (part: Buffer) => {
      bytes += part.length
      pieces += 1
      if (bytes > MAX_BODY_BYTES) refuse(tooLarge(req, hint))
      else if (isShredded(pieces, bytes)) refuse(shredded())
    }
    req.on('data', count)
    parse(req, res, (error?: unknown) => {
      req.off('data', count)
      if (!isRefused) next(error)
    })
  }
}

function tooLarge({ headers }: Request, hint: string): ApiError {
  const bytes = headers['content-length'] ?? `more than ${MAX_BODY_BYTES}`
  const message = `The body has ${bytes} bytes: it may have at most ${MAX_BODY_BYTES}.`
  return new ApiError('body_too_large', message, { hint })
}

function shredded(): ApiError {
  return new ApiError('invalid_request', 'The body comes in too many pieces.', {
    hint: 'Send it whole, with its Content-Length.',
  })
}

/**
 * Refuses other content types before a byte of the body is read. Without any body (null, or an empty one) the
 * schema says what is missing.
 * @throws ApiError `unsupported_media_type`
 */
export function takesOnly(types: readonly string[]): RequestHandler {
  return (req, res, next) => {
    const isEmpty = req.headers['content-length'] === '0'
    if (!isEmpty && req.is([...types]) === false) {
      res.set('Accept-Post', types.join(', '))
      const sent = req.headers['content-type']
      const what = sent === undefined ? 'has no Content-Type' : `is ${quoted(sent)}`
      throw new ApiError(
        'unsupported_media_type',
        `The body ${what}: this address takes ${listed(types, 'or')}.`,
        { hint: 'Send the header Content-Type: application/json.' },
      )
    }
    next()
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
        hint: 'Encode the JSON as UTF-8, or use \\u escapes.',
      })
    },
  }),
)

/** Reads a JSON body; other content types are refused. */
export const jsonBody: RequestHandler[] = [takesOnly(['application/json']), parse]
