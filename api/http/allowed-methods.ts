import type { Request, RequestHandler } from 'express'
import { sanitizeText } from '../../base/sanitize-text.js'
import { ApiError } from './errors.js'
import { listed } from './validate.js'

const MAX_PATH_CHARACTERS = 100
const WHERE = 'To create a video use POST /v1/videos; /openapi.json lists all endpoints.'

/** The error for an address at which there is nothing. */
export function notFound(req: Request): ApiError {
  return new ApiError(
    'not_found',
    `There is nothing at ${req.method} ${sanitizeText(req.path, MAX_PATH_CHARACTERS)}.`,
    {
      hint: WHERE,
    },
  )
}

/** Ends a route: any method that was not handled before is refused with the list of those that are. */
export function only(...methods: string[]): RequestHandler {
  const allow = methods.includes('GET') ? ['HEAD', ...methods] : methods
  return (req, res) => {
    res.set('Allow', ['OPTIONS', ...allow].join(', '))
    if (req.method === 'OPTIONS') {
      res.status(204).end()
      return
    }
    throw new ApiError(
      'method_not_allowed',
      `${sanitizeText(req.path, MAX_PATH_CHARACTERS)} does not take ${req.method}: it takes ${listed(methods, 'and')}.`,
      { hint: WHERE },
    )
  }
}
