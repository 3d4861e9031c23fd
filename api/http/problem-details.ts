import type { ErrorRequestHandler, Request, Response } from 'express'
import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { sanitizeText } from '../../base/sanitize-text.js'
import { discardBody } from './discard-body.js'
import { API_ERRORS, ApiError, type ApiErrorCode } from './errors.js'
import { MAX_BODY_BYTES } from './json-body.js'
import { quoted } from './validate.js'

/**
 * Answers with problem details (RFC 9457) and, beside them, the `error` object that OpenAI's clients
 * read: both kinds of clients find what they look for.
 */
function sendProblem(req: Request, res: Response, error: ApiError): void {
  const { status, title, openAiType } = API_ERRORS[error.code]
  const { retryAfterSeconds } = error
  if (retryAfterSeconds !== undefined) res.set('Retry-After', String(retryAfterSeconds))
  const hint = error.hint === undefined ? {} : { hint: error.hint }
  const message = error.hint === undefined ? error.message : `${error.message} ${error.hint}`
  res.status(status).type('application/problem+json')
  res.send(
    JSON.stringify({
      type: `urn:fractal:problem:${error.code}`,
      title,
      status,
      detail: error.message,
      ...hint,
      instance: sanitizeText(req.path),
      code: error.code,
      error: { message, type: openAiType, param: error.param, code: error.code },
    }),
  )
}

/** What body-parser and the router throw. */
interface Thrown {
  readonly type?: unknown
  readonly status?: unknown
  readonly charset?: unknown
  readonly encoding?: unknown
}

interface Refusal {
  readonly code: ApiErrorCode
  readonly message: string
  readonly hint?: string
}

/** A refusal of theirs as ours; null for one that is not known. */
function refusalOf(thrown: Thrown & Error, req: Request): Refusal | null {
  switch (thrown.type) {
    case 'entity.too.large':
      return {
        code: 'body_too_large',
        message: `The body has more than ${MAX_BODY_BYTES} bytes.`,
        hint: 'A prompt has at most 100 kB.',
      }
    case 'entity.parse.failed':
      return {
        code: 'invalid_json',
        message: `The body is not valid JSON${positionOf(thrown)}.`,
        hint: 'Use a JSON library: quotes and line breaks in strings must be escaped.',
      }
    case 'charset.unsupported':
      return {
        code: 'unsupported_media_type',
        message: `The body is in the charset ${quoted(String(thrown.charset))}: it must be in UTF-8.`,
      }
    case 'encoding.unsupported':
      return {
        code: 'unsupported_media_type',
        message: `The body has the Content-Encoding ${quoted(String(thrown.encoding))}, which is not supported.`,
        hint: 'Send it uncompressed, or with gzip, deflate or br.',
      }
  }
  if (thrown instanceof URIError) {
    return {
      code: 'invalid_request',
      message: `The address ${sanitizeText(req.path)} has a % that is not part of a valid escape.`,
      hint: 'Encode a literal % as %25.',
    }
  }
  const encoding = req.get('content-encoding')
  if (thrown.status === 400 && encoding !== undefined) {
    return {
      code: 'invalid_request',
      message: `The body is not what its Content-Encoding says: ${quoted(encoding)}.`,
      hint: 'Omit the header, or compress the body accordingly.',
    }
  }
  return null
}

/** Never more of V8's message: it quotes the body. */
function positionOf({ message }: Error): string {
  if (message.startsWith('Unexpected end')) return ': it is truncated'
  const [, position] = /at position (\d+)/.exec(message) ?? []
  return position === undefined ? '' : `: syntax error at character ${position}`
}

/** The error to answer with: whatever is not known to be harmless becomes `internal_error`. */
function toApiError(thrown: unknown, req: Request): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof FractalError && thrown.retryable) {
    return new ApiError('ledger_unavailable', 'The ledger cannot be reached.', {
      hint: 'Retry in a moment.',
      cause: thrown,
    })
  }
  const { status } = (thrown ?? {}) as Thrown
  const refusal = thrown instanceof Error ? refusalOf(thrown as Thrown & Error, req) : null
  if (refusal !== null) {
    const { code, message, ...hint } = refusal
    return new ApiError(code, message, { ...hint, cause: thrown })
  }
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ApiError('invalid_request', 'The request cannot be read.', { cause: thrown })
  }
  return new ApiError('internal_error', 'The request failed because of an internal error.', {
    cause: thrown,
  })
}

/** The last handler: logs what is ours to fix, answers everything. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (thrown, req, res, _next) => {
    const error = toApiError(thrown, req)
    const { status } = API_ERRORS[error.code]
    const requestId: unknown = res.locals.requestId
    if (error.code === 'internal_error') log.error({ err: thrown, requestId }, 'a request failed')
    else if (status >= 500) {
      log.warn(
        { requestId, reason: (thrown as Error).message },
        'request failed: a store is unreachable',
      )
    }
    if (res.headersSent) {
      // Half an answer can't be taken back; the broken connection tells the client.
      res.destroy()
      return
    }
    // What a handler had set for its own answer.
    for (const name of ['Content-Disposition', 'ETag', 'Accept-Ranges']) res.removeHeader(name)
    discardBody(req)
    sendProblem(req, res, error)
  }
}
