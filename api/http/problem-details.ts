import type { ErrorRequestHandler, Request, Response } from 'express'
import { FractalError } from '../../base/errors.js'
import type { Log } from '../../base/log.js'
import { sanitizeText } from '../../base/sanitize-text.js'
import { discardBody } from './discard-body.js'
import { API_ERRORS, ApiError, type ApiErrorCode } from './errors.js'
import { MAX_BODY_BYTES } from './json-body.js'

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

/** What body-parser and the router call their refusals. */
const REFUSALS: Record<string, { code: ApiErrorCode; message: string }> = {
  'entity.too.large': {
    code: 'body_too_large',
    message: `The body is larger than ${MAX_BODY_BYTES} bytes.`,
  },
  'entity.parse.failed': { code: 'invalid_json', message: 'The body cannot be read as JSON.' },
  'charset.unsupported': {
    code: 'unsupported_media_type',
    message: 'The body must be in UTF-8.',
  },
  'encoding.unsupported': {
    code: 'unsupported_media_type',
    message: 'The body has a content encoding that is not known here.',
  },
}

/** The error to answer with: whatever is not known to be harmless becomes `internal_error`. */
function toApiError(thrown: unknown): ApiError {
  if (thrown instanceof ApiError) return thrown
  if (thrown instanceof FractalError && thrown.retryable) {
    return new ApiError('ledger_unavailable', 'The ledger cannot be reached.', {
      hint: 'Try again in a moment.',
      cause: thrown,
    })
  }
  const { type, status } = (thrown ?? {}) as { type?: unknown; status?: unknown }
  const refusal = typeof type === 'string' ? REFUSALS[type] : undefined
  if (refusal !== undefined) return new ApiError(refusal.code, refusal.message, { cause: thrown })
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new ApiError('invalid_request', 'The request cannot be read.', { cause: thrown })
  }
  return new ApiError('internal_error', 'The request failed for a reason of ours.', {
    cause: thrown,
  })
}

/** The last handler: logs what is ours to mend, answers everything. */
export function problemHandler(log: Log): ErrorRequestHandler {
  return (thrown, req, res, _next) => {
    const error = toApiError(thrown)
    const { status } = API_ERRORS[error.code]
    const requestId: unknown = res.locals.requestId
    if (error.code === 'internal_error') log.error({ err: thrown, requestId }, 'a request failed')
    else if (status >= 500) {
      log.warn({ requestId, reason: (thrown as Error).message }, 'a request was put off')
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
