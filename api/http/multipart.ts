import express, { type Request, type RequestHandler, type Response } from 'express'
import multer from 'multer'
import { shown } from '../../base/printable.js'
import { ApiError } from './errors.js'
import { bounded, jsonBody, MAX_BODY_BYTES, MAX_FIELD_CHARACTERS } from './json-body.js'

const TYPES = ['application/json', 'multipart/form-data']
/** More than any request here has. */
const MAX_FIELDS = 32
const MAX_NAME_BYTES = 128
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

const read = bounded(
  'multipart/form-data',
  express.raw({ limit: MAX_BODY_BYTES, type: 'multipart/form-data' }),
  'This model takes texts alone: no input_reference, and no other file.',
)

/** What a form's texts stand for; JSON says it by itself. */
export interface FormTypes {
  readonly numbers: readonly string[]
  readonly booleans: readonly string[]
}

/**
 * Reads a body as JSON or as multipart/form-data, the way OpenAI's clients send it: texts only, no files.
 * Other types are refused before a byte is read.
 */
export function jsonOrMultipartBody(types: FormTypes): RequestHandler[] {
  return [
    (req, res, next) => {
      const empty = req.headers['content-length'] === '0'
      if (!empty && req.is(TYPES) === false) {
        res.set('Accept-Post', TYPES.join(', '))
        throw new ApiError('unsupported_media_type', `This address takes ${TYPES.join(' and ')}.`, {
          hint: 'Send the header Content-Type: application/json.',
        })
      }
      next()
    },
    read,
    async (req, res, next) => {
      // Parsed from memory: by then its size is known to be harmless, and nothing of it is left unread.
      if (Buffer.isBuffer(req.body)) req.body = typed(await fieldsOf(req, res, req.body), types)
      next()
    },
    ...jsonBody.slice(1),
  ]
}

type Fields = Record<string, unknown>

function fieldsOf(req: Request, res: Response, bytes: Buffer): Promise<Fields> {
  const options = {
    limits: {
      fields: MAX_FIELDS,
      parts: MAX_FIELDS,
      fieldSize: MAX_BODY_BYTES,
      fieldNameSize: MAX_NAME_BYTES,
      fieldNestingDepth: 1,
      fieldArrayIndexLimit: MAX_FIELDS,
    },
    streamHandler: (_req: Request, parser: { end(all: Buffer): void }) => parser.end(bytes),
  }
  return new Promise((resolve, reject) => {
    multer(options).none()(req, res, (error: unknown) => {
      if (error === undefined) resolve(req.body)
      else reject(refusal(error))
    })
  })
}

function refusal(cause: unknown): ApiError {
  const { code, field } = (cause ?? {}) as { code?: unknown; field?: unknown }
  const param = typeof field === 'string' ? { param: shown(field, MAX_FIELD_CHARACTERS) } : {}
  switch (code) {
    case 'LIMIT_UNEXPECTED_FILE':
      return new ApiError(
        'unsupported_field',
        'The form has a file: this model makes videos from text alone.',
        { hint: 'Leave input_reference out, and say in the prompt what to show.', ...param, cause },
      )
    case 'LIMIT_FIELD_COUNT':
    case 'LIMIT_PART_COUNT':
      return new ApiError('invalid_request', `The form has more than ${MAX_FIELDS} fields.`, {
        cause,
      })
    case 'LIMIT_FIELD_KEY':
    case 'LIMIT_FIELD_NESTING':
    case 'LIMIT_FIELD_ARRAY_INDEX':
      return new ApiError('unknown_field', 'The form has a field that is not known.', {
        ...param,
        cause,
      })
    default:
      return new ApiError('invalid_multipart', 'The body cannot be read as multipart/form-data.', {
        hint: 'Leave the Content-Type to your HTTP client: it has to name the boundary.',
        cause,
      })
  }
}

function typed(fields: Fields, { numbers, booleans }: FormTypes): Fields {
  const value = (name: string, text: unknown) => {
    if (typeof text !== 'string') return text
    if (numbers.includes(name) && NUMBER.test(text)) return Number(text)
    if (booleans.includes(name) && (text === 'true' || text === 'false')) return text === 'true'
    return text
  }
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, value(name, text)]))
}
