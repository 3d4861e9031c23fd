import { isUtf8 } from 'node:buffer'
import express, { type RequestHandler } from 'express'
import { ApiError } from './errors.js'
import { bounded, jsonBody, MAX_BODY_BYTES, takesOnly } from './json-body.js'
import { type FormPart, parseFormParts, unreadable } from './multipart-parts.js'
import { quoted, sanitizeName } from './validate.js'

const TYPES = ['application/json', 'multipart/form-data']
/** More than any request here has. */
const MAX_PARTS = 32
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/

const read = bounded(
  'multipart/form-data',
  express.raw({ limit: MAX_BODY_BYTES, type: 'multipart/form-data' }),
  'This model takes text only: no input_reference, and no other file.',
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
    takesOnly(TYPES),
    read,
    (req, _res, next) => {
      // Parsed from memory: by then its size is known to be harmless, and nothing of it is left unread.
      if (Buffer.isBuffer(req.body)) {
        const parts = parseFormParts(req.body, req.get('content-type')!, { maxParts: MAX_PARTS })
        req.body = fieldsOf(parts, types)
      }
      next()
    },
    ...jsonBody.slice(1),
  ]
}

function fieldsOf(parts: readonly FormPart[], types: FormTypes): Record<string, unknown> {
  const fields = new Map<string, unknown>()
  for (const part of parts) {
    if (fields.has(part.name)) {
      const param = sanitizeName(part.name)
      throw new ApiError(
        'invalid_request',
        `The form has the part ${JSON.stringify(param)} more than once.`,
        { hint: 'Send each field once.', param },
      )
    }
    fields.set(part.name, valueOfPart(part, types))
  }
  return Object.fromEntries(fields)
}

/**
 * What a part says, as JSON has it. A part with a type of its own says what it says: clients that write one
 * for every part send numbers as JSON, or as bytes.
 */
function valueOfPart(part: FormPart, types: FormTypes): unknown {
  const { name, type, filename, bytes } = part
  // As browsers send a file input in which nothing was chosen.
  if (filename === '' && bytes.length === 0) return undefined
  if (filename !== null) throw notText(name, 'is a file')
  if (type === 'application/json') return fromJson(name, textOf(part))
  if (type === null || type.startsWith('text/')) return typed(name, textOf(part), types)
  if (type === 'application/octet-stream' && isUtf8(bytes)) return typed(name, textOf(part), types)
  throw notText(name, `is of the type ${quoted(type)}`)
}

function notText(name: string, what: string): ApiError {
  const param = sanitizeName(name)
  return new ApiError(
    'unsupported_field',
    `The part ${JSON.stringify(param)} ${what}: this model makes videos from text only.`,
    {
      hint: 'Send text parts only, without a filename, and describe in the prompt what to show.',
      param,
    },
  )
}

function textOf({ name, charset, bytes }: FormPart): string {
  const label = charset ?? 'utf-8'
  if (!isCharset(label)) {
    throw unreadable(name, `has an unknown charset: ${quoted(label)}.`)
  }
  try {
    return new TextDecoder(label, { fatal: true }).decode(bytes)
  } catch {
    throw unreadable(name, `is not valid ${label.toUpperCase()}.`)
  }
}

function isCharset(label: string): boolean {
  try {
    return new TextDecoder(label).encoding !== ''
  } catch {
    return false
  }
}

function fromJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw unreadable(name, 'is not the JSON that its Content-Type says it is.')
  }
}

function typed(name: string, text: string, { numbers, booleans }: FormTypes): unknown {
  if (numbers.includes(name) && NUMBER.test(text)) {
    const number = Number(text)
    // One that a double can't hold stays as it came, and is refused by its own digits.
    return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number
  }
  if (booleans.includes(name) && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
