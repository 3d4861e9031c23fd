import type { RequestHandler } from 'express'
import { sanitizeText } from '../../base/sanitize-text.js'
import { ApiError } from './errors.js'

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
      `${sanitizeText(req.path)} takes ${methods.join(' and ')}.`,
    )
  }
}
